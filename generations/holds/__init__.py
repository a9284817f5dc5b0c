"""Legal holds: what the operator keeps from being deleted, by the tenant, by retention and by erasure."""
