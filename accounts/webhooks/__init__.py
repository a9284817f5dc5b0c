"""Webhooks: endpoints, signatures, deliveries and their log."""
