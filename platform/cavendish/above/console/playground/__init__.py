"""Playground: a prompt becomes a picture."""
