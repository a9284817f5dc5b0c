"""What the scheduler's `/metrics` say of the last runs: how old they are, and how much differed."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from prometheus_client import Gauge

from cavendish.above.reconcile.models import ReconcileRun

SCOPE = ["scope"]
AGE = Gauge(
    "cavendish_reconcile_age_seconds", "Since the last run of reconcile ended, of everything or what is recent.", SCOPE
)
DIFFERENCES = Gauge("cavendish_reconcile_differences", "Rows that differed in the last run of reconcile.", SCOPE)
FAILED = Gauge("cavendish_reconcile_failed", "1 where a check of the last run of reconcile could not run.", SCOPE)


def metrics_set(ended: dict[str, ReconcileRun]) -> None:
    for scope, run in ended.items():
        if run.ended_at is not None:
            AGE.labels(scope).set_function(_age(run.ended_at))
        DIFFERENCES.labels(scope).set(run.differing)
        FAILED.labels(scope).set(run.status == ReconcileRun.Status.FAILED)


def _age(ended: datetime) -> Callable[[], float]:
    return lambda: time.time() - ended.timestamp()
