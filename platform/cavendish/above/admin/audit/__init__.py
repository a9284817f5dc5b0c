"""Audit in the admin."""
