"""Backups of everything, and their restore: the database, the objects, the secrets, the count of transactions."""
