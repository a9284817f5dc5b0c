"""Promotional credits, which are used before a wallet's own money."""
