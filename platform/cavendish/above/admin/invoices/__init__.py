"""Invoices in the admin."""
