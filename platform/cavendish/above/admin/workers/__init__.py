"""Who works, what waits, and on which upstream keys."""
