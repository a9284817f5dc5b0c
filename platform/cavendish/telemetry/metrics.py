"""What this process counts for `/metrics`. A label's values are fixed: never a tenant, a key, an address or a value."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, disable_created_metrics

# Otherwise each counter has a second series, which says when it was created.
disable_created_metrics()  # type: ignore[no-untyped-call]

REFUSED = Counter("cavendish_refused_requests", "API requests that were answered with 401, 403 or 429.", ["status"])
LIMITS_SHARED = Gauge(
    "cavendish_limits_shared", "1 while rate limits are counted in Valkey, 0 while each process counts for itself."
)
LIMITS_SHARED.set(1)
LIMITS_LOCAL = Counter(
    "cavendish_limits_local_requests", "Requests whose rate limits this process counted for itself: Valkey was away."
)
KEY_READS = Counter("cavendish_key_reads", "API keys read from PostgreSQL: unknown to this process, or maybe changed.")
KEY_POLLS = Counter("cavendish_key_looks", "Polls for changed keys and tenants; four a second while requests come.")
GUARD_REFUSALS = Counter(
    "cavendish_guard_refusals",
    "Requests (stage before) and pictures (stage after) that guard rules refused, by the type of the rule.",
    ["type", "stage"],
)
CONNECTIONS = Gauge("cavendish_connections", "Connections of clients, idle ones too.")
CONNECTIONS_REFUSED = Counter(
    "cavendish_connections_refused",
    "Connections closed before a request: at their number (connections, address), for what came (request), or when "
    "nothing more did (time).",
    ["reason"],
)
OPEN_REQUESTS = Gauge("cavendish_open_requests", "Requests that are open: waits and event streams too.")
BODY_BYTES = Gauge("cavendish_body_bytes", "Bytes of request bodies that are on their way, announced ones included.")
SPOOL_FAULT = Gauge("cavendish_spool_fault", "1 while this process's spool takes no answers, and no job is claimed.")
