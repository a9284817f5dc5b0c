"""Charges of generations, and the flagged ones that an operator resolves."""
