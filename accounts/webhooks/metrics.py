"""What the sender counts, in the process that it runs in: the scheduler, which serves it on HEALTH_PORT."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

DELIVERIES = Counter(
    "cavendish_webhook_deliveries",
    "Attempts of webhook deliveries: succeeded, retried (failed, and another follows) or failed for good.",
    ["outcome"],
)
ATTEMPT_SECONDS = Histogram(
    "cavendish_webhook_attempt_seconds",
    "How long receivers took to answer an attempt, or the attempt to fail.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15),
)
BACKLOG = Gauge("cavendish_webhook_due", "Webhook deliveries that are due and not taken yet, up to 10,000.")
BACKLOG_SECONDS = Gauge("cavendish_webhook_due_oldest_seconds", "How long the oldest of them has been due.")

for outcome in ("succeeded", "retried", "failed"):
    DELIVERIES.labels(outcome)
