"""Reconcile runs in the admin."""
