"""Invitations to a tenant, sent by mail."""
