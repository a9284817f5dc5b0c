"""Collections: outputs that a tenant has put together under a name."""
