"""Second factors and sessions."""
