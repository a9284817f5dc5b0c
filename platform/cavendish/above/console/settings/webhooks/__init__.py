"""Webhook endpoints and what was delivered."""
