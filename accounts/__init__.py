"""Tenants, people, memberships, API keys, rate limits and the audit log."""
