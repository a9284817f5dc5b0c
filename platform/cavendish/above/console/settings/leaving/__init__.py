"""Export of everything, and closing the tenant."""
