"""Tenants: the list, one tenant's page, and what operators do there."""
