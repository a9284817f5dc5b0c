"""The use policy."""
