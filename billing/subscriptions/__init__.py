"""Which plan a tenant is on, now and from a date."""
