"""Budgets: their lines with what is used, and the forms that set, change, raise and delete them."""
