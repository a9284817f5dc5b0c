"""What billing does when accounts opens a tenant."""
