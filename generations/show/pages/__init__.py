"""Pages that show an output with its citations and search suggestions."""
