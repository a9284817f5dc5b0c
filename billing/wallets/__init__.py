"""Wallets: balance, top-ups, adjustments and refunds of a tenant's money."""
