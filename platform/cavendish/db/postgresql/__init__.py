"""Django's backend for PostgreSQL, with one difference: how a pooled connection is found to be alive."""
