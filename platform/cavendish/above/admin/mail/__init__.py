"""Mail in the admin."""
