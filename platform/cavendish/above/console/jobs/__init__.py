"""Jobs: their list and each one's story."""
