"""Payments through the provider, and what it told."""
