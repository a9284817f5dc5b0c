"""Tenants: creation, settings, suspension and closing."""
