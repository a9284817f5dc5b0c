"""What a worker counts."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from prometheus_client import Counter, Gauge, Histogram

from cavendish.gemini.client import KeyReport
from cavendish.telemetry.metrics import LONG, SHORT

JOBS = Gauge("cavendish_worker_jobs", "Jobs that this worker runs.", ["tier"])
SLOTS = Gauge("cavendish_worker_slots", "Jobs that it runs at most; of them, items of batches at most.", ["tier"])
BYTES = Gauge("cavendish_worker_bytes", "Bytes that the running jobs may be worth.")
BYTES_LIMIT = Gauge("cavendish_worker_bytes_limit", "Bytes that they may be worth at most.")
CLAIM_SECONDS = Histogram("cavendish_claim_seconds", "Claims, those that found nothing too.", buckets=SHORT)
CLAIMED = Counter("cavendish_claimed_jobs", "Jobs claimed.", ["tier"])
CLAIM_FAILURES = Counter("cavendish_claim_failures", "Claims that failed: PostgreSQL was away, or refused.")
HEARTBEAT_FAILURES = Counter("cavendish_heartbeat_failures", "Heartbeats that failed.")
LEASES_LOST = Counter("cavendish_leases_lost", "Leases that ran out under a living worker.")
ENDED = Counter(
    "cavendish_ended_jobs",
    "Ends of jobs by their status and error code. requeued: given back; lost: somebody else has it by now.",
    ["model", "status", "code"],
)
JOB_SECONDS = Histogram(
    "cavendish_job_seconds", "From a job's claim to its settlement, by its model.", ["model"], buckets=LONG
)
SETTLE_SECONDS = Histogram("cavendish_settle_seconds", "The statement that ends and charges a job.", buckets=SHORT)
UPSTREAM_CALLS = Counter(
    "cavendish_upstream_calls",
    "Calls of the upstream by their HTTP status (none: no answer came) and their key's fingerprint.",
    ["model", "status", "key"],
)
UPSTREAM_SECONDS = Histogram(
    "cavendish_upstream_seconds",
    "Calls of the upstream, to the answer's last byte.",
    ["model"],
    buckets=LONG,
)
UPSTREAM_RETRIES = Counter("cavendish_upstream_retries", "Tries that failed and were followed by another.", ["model"])
KEYS = Gauge("cavendish_upstream_keys", "Keys of the upstream: usable, cooling, or refused.", ["state"])

TIERS = ("interactive", "batch")
for _tier in TIERS:
    CLAIMED.labels(_tier)
    JOBS.labels(_tier)
for _state in ("usable", "cooling", "refused"):
    KEYS.labels(_state)


def tier_of(is_batch: bool) -> str:
    return TIERS[is_batch]


def limits_note(*, interactive: int, batch: int, in_flight: int) -> None:
    """Jobs at once by tier, and bytes that they may be worth."""
    SLOTS.labels("interactive").set(interactive)
    SLOTS.labels("batch").set(batch)
    BYTES_LIMIT.set(in_flight)


def keys_note(reports: Sequence[KeyReport]) -> None:
    """Notes how many keys can be used now."""
    now = time.time()
    refused = sum(report["refused_until"] > now for report in reports)
    cooling = sum(report["cooling_until"] > now >= report["refused_until"] for report in reports)
    KEYS.labels("refused").set(refused)
    KEYS.labels("cooling").set(cooling)
    KEYS.labels("usable").set(len(reports) - refused - cooling)


def failures_declare(models: Iterable[str]) -> None:
    """Begins the series of failures of ours at 0: one that begins with its first failure has no increase to see."""
    for model in models:
        ENDED.labels(model, "failed", "internal")
