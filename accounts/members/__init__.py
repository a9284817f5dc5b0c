"""Memberships: which people belong to a tenant, and in which role."""
