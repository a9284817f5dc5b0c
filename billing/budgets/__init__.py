"""Budgets of tenants, keys and members: limits, holds and alerts."""
