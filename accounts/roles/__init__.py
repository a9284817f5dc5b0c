"""What roles and keys may do, and the checks of tenants' and keys' settings."""
