"""The broker, Valkey's channels and caches, and the circuit breaker before them."""
