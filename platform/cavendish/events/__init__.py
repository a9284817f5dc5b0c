"""Events of tenants: history, source of server-sent events and outbox."""
