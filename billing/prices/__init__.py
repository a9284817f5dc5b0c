"""The price book, quotes, and what a finished job costs."""
