"""Billing: wallet, invoices, statements, prices, plan."""
