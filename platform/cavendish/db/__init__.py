"""Database roles, the tenant context, ids, and calls of SQL functions."""
