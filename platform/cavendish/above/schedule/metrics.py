"""How the whole platform stands, as each scheduler says on HEALTH_PORT. Of several all say the same: take the max."""

from __future__ import annotations

import time

from prometheus_client import Gauge

from cavendish.db.call import call_rows

ABOUT = {
    "queue_jobs": "Jobs that wait for a worker.",
    "queue_oldest_seconds": "How long the one that waits longest has been due.",
    "running_jobs": "Jobs that run, on all workers.",
    "capacity_jobs": "Jobs that all living workers can run at once.",
    "workers": "Living workers: those whose lease is in force.",
    "workers_faulty": "Those of them that claim nothing, because their machine takes no answers.",
    "batches_open": "Batches that are not over.",
    "batch_items_waiting": "Items of batches that are no jobs yet.",
    "mails_waiting": "Mails that are due and not sent.",
    "mails_oldest_seconds": "How long the oldest of them has been due.",
    "mails_failed": "Mails that were given up.",
    "months_ahead": "Months after this one that all tables which are partitioned by month have a partition for.",
    "backup_age_seconds": "How long ago the last backup ended; infinite before the first.",
}
BY_TIER = frozenset({"queue_jobs", "queue_oldest_seconds", "running_jobs"})

GAUGES = {name: Gauge(f"cavendish_{name}", about, ["tier"] if name in BY_TIER else []) for name, about in ABOUT.items()}
TAKEN = Gauge(
    "cavendish_state_timestamp_seconds",
    "When this scheduler last asked how all stands, in seconds since 1970.",
)


def state_take() -> int:
    """Asks PostgreSQL once how everything stands; returns how many figures there are. The scheduler calls it often."""
    rows = call_rows("platform_state", using="system")
    for row in rows:
        gauge = GAUGES[row["name"]]
        (gauge.labels(row["label"]) if row["label"] else gauge).set(row["value"])
    TAKEN.set(time.time())
    return len(rows)
