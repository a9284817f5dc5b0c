"""People of the tenant and those who are invited."""
