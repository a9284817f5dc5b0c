"""What processes count for `/metrics`. A label's values are fixed: never a tenant, a key, an address or a value.

Here is what more than one room counts; docs/metrics.md names every metric and says what is normal.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

from prometheus_client import Counter, Gauge, Histogram, Summary, disable_created_metrics

# Otherwise each counter has a second series, which says when it was created.
disable_created_metrics()  # type: ignore[no-untyped-call]

SHORT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
"""Buckets in seconds of what is one statement or one transaction."""
LONG = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
"""Buckets in seconds of what may wait for others."""

BUILD = Gauge("cavendish_build_info", "1; the label says which version runs.", ["version"])
BUILD.labels(version("cavendish")).set(1)

# The door

REQUESTS = Counter(
    "cavendish_requests", "Answered requests, by the pattern of their address.", ["route", "method", "status"]
)
REQUEST_SECONDS = Histogram(
    "cavendish_request_seconds",
    "From a request's head to its answer's last byte. mode: whether it was answered at once (answer), waited for a job "
    "(wait), followed one (stream), or sent bytes (file).",
    ["route", "method", "mode"],
    buckets=LONG,
)
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

# Acceptance

ACCEPT_SECONDS = Histogram(
    "cavendish_accept_seconds", "From a request's body to its queued job, bodies and fetches included.", buckets=LONG
)
HANDED = Counter("cavendish_handed_jobs", "Accepted jobs that a worker had at once, without being queued and claimed.")
HOLD_SECONDS = Histogram(
    "cavendish_hold_seconds", "The transaction that holds a job's worst case and queues it.", buckets=SHORT
)

# The machine and what it relies on

SPOOL_FAULT = Gauge("cavendish_spool_fault", "1 while this process's spool takes no answers, and no job is claimed.")
STORAGE_FAULT = Gauge(
    "cavendish_storage_fault", "1 while answers of this worker wait for the object store, and no job is claimed."
)
STORAGE_SECONDS = Histogram(
    "cavendish_storage_seconds",
    "Calls of the object store: keep and delete to their end, read to the first bytes.",
    ["operation"],
    buckets=LONG,
)
STORAGE_ERRORS = Counter("cavendish_storage_errors", "Calls of the object store that failed.", ["operation"])
PART_UP = Gauge(
    "cavendish_part_up", "1 while what this process relies on answers and is usable, as /readyz sees it.", ["part"]
)
BROKER_UP = Gauge("cavendish_broker_up", "0 while the broker took this process's last message no more.")
BROKER_UP.set(1)
LOG_LINES = Counter("cavendish_log_lines", "Lines in the log of level WARNING and above, repeated ones too.", ["level"])

# Repairs and what happens by the clock

SWEEPER_REPAIRS = Counter("cavendish_sweeper_repairs", "What the sweeper mended; none while nothing breaks.", ["what"])
TASK_SECONDS = Summary("cavendish_task_seconds", "Runs of what the scheduler does by the clock.", ["task"])
TASK_FAILURES = Counter("cavendish_task_failures", "Runs that failed; each is tried again.", ["task"])
TASK_ENDED = Gauge("cavendish_task_ended_timestamp_seconds", "When the last run without a failure ended.", ["task"])

for _operation in ("keep", "read", "delete"):
    STORAGE_SECONDS.labels(_operation)
    STORAGE_ERRORS.labels(_operation)
# A series that begins with its first count has no increase for an alert to see.
for _level in ("WARNING", "ERROR", "CRITICAL"):
    LOG_LINES.labels(_level)
for _reason in ("connections", "address", "request", "time"):
    CONNECTIONS_REFUSED.labels(_reason)
for _what in ("freed", "expired", "lapsed", "broken", "holds"):
    SWEEPER_REPAIRS.labels(_what)


@contextmanager
def storage_timed(operation: str) -> Iterator[None]:
    """Times one call of the object store, and counts it where it fails."""
    began = time.perf_counter()
    try:
        yield
    except Exception:
        STORAGE_ERRORS.labels(operation).inc()
        raise
    finally:
        STORAGE_SECONDS.labels(operation).observe(time.perf_counter() - began)
