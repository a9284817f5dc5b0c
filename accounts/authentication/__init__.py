"""Who makes a request: tenants' keys, operators' keys and signed-in people."""
