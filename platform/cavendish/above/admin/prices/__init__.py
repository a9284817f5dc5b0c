"""The price book, and what a change of it would have done to a month's bills."""
