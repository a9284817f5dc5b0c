"""Charges in the admin."""
