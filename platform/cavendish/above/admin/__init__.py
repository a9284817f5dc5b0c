"""The operator's pages: one folder per noun."""
