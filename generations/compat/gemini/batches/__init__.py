"""`client.batches` of the SDKs (WIRE.md 8): many generateContent requests in one."""
