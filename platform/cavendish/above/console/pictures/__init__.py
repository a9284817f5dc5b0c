"""A picture with all that must be shown beside it; the playground and the gallery use it."""
