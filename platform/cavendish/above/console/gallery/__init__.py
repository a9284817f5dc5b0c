"""Gallery: every picture of the tenant."""
