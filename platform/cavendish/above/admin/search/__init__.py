"""Search: any id in any spelling leads to the thing."""
