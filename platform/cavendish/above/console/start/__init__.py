"""First-run help: the first picture and the first API call."""
