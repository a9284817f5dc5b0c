"""Repairs, by the clock. What they count is 0 as long as nothing has broken, and worth an alarm otherwise."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.conf import settings

from cavendish.boot.clock import ClockSteps
from cavendish.db.call import call
from cavendish.messaging import valkey
from cavendish.telemetry.metrics import SWEEPER_REPAIRS
from generations.contracts import Sweep
from generations.tasks import ring
from generations.upkeep.gauges import sweep_note

logger = logging.getLogger(__name__)

SILENT_SECONDS = 5.0
LONGEST_GAP = 6.0
AT_ONCE = 200


class LeaseGrace:
    """Says whether PostgreSQL has answered for long enough that every live worker has renewed its lease.

    After an outage, a failover for example, all leases are stale although the workers live; after a step of the clock
    (CAVENDISH_CLOCK, a machine that slept) as well. To free their jobs then would be to buy them again.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, wall: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._steps = ClockSteps(clock, wall)
        self._since: float | None = None
        self._last = 0.0

    @contextmanager
    def observed(self) -> Iterator[bool]:
        """Surrounds a sweep, and yields whether leases may be judged. One that fails or hangs begins the grace anew."""
        began = self._clock()
        if self._steps.stepped() or self._since is None or began - self._last > LONGEST_GAP:
            self._since = began
        since, self._since = self._since, None
        yield began - since >= settings.LEASE_SECONDS / 2
        self._last = self._clock()
        self._since = since if self._last - began <= LONGEST_GAP else None


_lease_grace = LeaseGrace()


def sweep() -> dict[str, Any]:
    """Frees dead workers' jobs, fails those past their deadline, ends orphaned holds, wakes workers for what waits.

    Returns how many of each there were.
    """
    with _lease_grace.observed() as judge_leases:
        counts = _sweep(judge_leases)
    last = counts
    for _ in range(AT_ONCE):
        if not last["expired"] and not last["lapsed"] and not last["holds"]:
            break
        last = _sweep(judge_leases=False)
        for name in ("expired", "lapsed", "broken", "holds"):
            counts[name] += last[name]
    if counts["silent"] or counts["freed"]:
        # One is enough: engines look for themselves too, and a busy fleet must not collect doorbells.
        ring()
    sweep_note(counts)
    for name, count in counts.items():
        if name != "silent":
            SWEEPER_REPAIRS.labels(name).inc(count)
    if any(count for name, count in counts.items() if name not in {"silent", "lapsed"}):
        logger.warning("The sweeper repaired: %s", counts)
    return counts


def _sweep(judge_leases: bool) -> dict[str, Any]:
    """Sweeps once, in one transaction: a tenant's jobs are ended one at a time. Returns the counts.

    `judge_leases`: whether jobs are freed whose worker has not renewed its lease.
    """
    result: Sweep = call("generation_sweep", SILENT_SECONDS, judge_leases, using="system")
    for generation in result["ended"]:
        valkey.publish(valkey.ENDED, UUID(generation))
    return {name: count for name, count in result.items() if name != "ended"}
