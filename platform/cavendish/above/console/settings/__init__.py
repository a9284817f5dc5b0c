"""Settings: what a tenant's people decide, a folder for each noun."""
