"""How the platform stands, noted by the hour for the operator's pages: what no table of its own remembers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from decimal import Decimal

from accounts.webhooks.metrics import DELIVERIES
from billing.oversight.below_cost_alert import below_cost_watch
from cavendish.db.call import call

SWEPT = ("freed", "expired", "broken", "holds")
"""What the sweeper repairs; each is a gauge `sweeper_…`, the sum of the hour."""
WEBHOOKS = ("succeeded", "retried", "failed")
"""How attempts of webhooks went; each is a gauge `webhooks_…`, the sum of the hour."""

_stored: dict[str, float] = {}


def gauges_take() -> int:
    """Notes the queue, what is stored and held, and the attempts of webhooks of this process since the last time.

    Returns how many gauges were noted. The scheduler calls it every minute; what it counted when it is killed is lost.
    """
    taken = int(call("gauges_take", using="system"))
    for outcome, total in _attempts().items():
        if added := total - _stored.get(outcome, 0):
            gauge_add(f"webhooks_{outcome}", added)
            _stored[outcome] = total
            taken += 1
    return taken


def gauge_add(name: str, count: float) -> None:
    call("gauge_add", name, Decimal(count), using="system")


def backup_note() -> None:
    """Notes that a backup has ended now, for `cavendish_backup_age_seconds`."""
    call("gauge_set", "backup_at", Decimal(time.time()), using="system")


def below_cost_take() -> int:
    """Notes how many prices of plans are below their cost (`below_cost_watch`); returns it. The scheduler calls it."""
    count = below_cost_watch()
    call("gauge_set", "below_cost", Decimal(count), using="system")
    return count


def sweep_note(counts: Mapping[str, int]) -> None:
    """Notes what a sweep repaired; nothing where it was calm."""
    for name in SWEPT:
        if counts[name]:
            gauge_add(f"sweeper_{name}", counts[name])


def _attempts() -> dict[str, float]:
    samples = (sample for metric in DELIVERIES.collect() for sample in metric.samples)
    return {sample.labels["outcome"]: sample.value for sample in samples if sample.name.endswith("_total")}
