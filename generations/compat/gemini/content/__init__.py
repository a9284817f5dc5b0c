"""`models/<model>:generateContent` and its kin (WIRE.md 9), translated to and from the one kind of job there is."""
