"""Keys in the admin."""
