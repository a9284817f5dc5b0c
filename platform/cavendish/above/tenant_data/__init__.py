"""Export and erasure of a tenant's data. They span all apps, so they lie above them."""
