"""Name, limits, origins and test keys."""
