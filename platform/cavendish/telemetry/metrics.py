"""What this process counts for `/metrics`. Labels are words of ours: never a tenant, a key, an address or a value."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, disable_created_metrics

# When a counter was made is a series of its own otherwise, which nobody asks for.
disable_created_metrics()  # type: ignore[no-untyped-call]

REFUSED = Counter("cavendish_refused_requests", "API requests that were answered with 401, 403 or 429.", ["status"])
LIMITS_SHARED = Gauge(
    "cavendish_limits_shared", "1 while rate limits are counted in Valkey, 0 while each process counts for itself."
)
LIMITS_SHARED.set(1)
LIMITS_LOCAL = Counter(
    "cavendish_limits_local_requests", "Requests whose rate limits this process counted for itself: Valkey was away."
)
KEY_READS = Counter("cavendish_key_reads", "API keys read from PostgreSQL: unknown here, or not known to be unchanged.")
KEY_LOOKS = Counter("cavendish_key_looks", "Looks for changed keys and tenants; four a second while requests come.")
