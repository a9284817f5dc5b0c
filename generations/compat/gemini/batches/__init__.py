"""`client.batches` of the SDKs (docs/wire.md, Batches): many generateContent requests in one."""
