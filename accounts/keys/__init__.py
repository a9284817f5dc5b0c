"""API keys of tenants: creation, changes, rotation and revocation."""
