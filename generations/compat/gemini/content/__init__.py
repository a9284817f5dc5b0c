"""`models/<model>:generateContent` and its kin (docs/wire.md), translated to and from the one kind of job there is."""
