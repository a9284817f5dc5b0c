"""How the audit log reads, to operators and to tenants."""
