"""Outputs in the admin."""
