"""Prices, plans, wallets, budgets, charges, usage, invoices and payments."""
