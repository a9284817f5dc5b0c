"""Repairs and expiry, by the clock. The counts that repairs give are 0 in calm weather and worth an alarm otherwise."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.conf import settings

from cavendish.db.call import call
from cavendish.messaging import valkey
from generations.contracts import Sweep
from generations.tasks import ring

logger = logging.getLogger(__name__)

SILENT_SECONDS = 5.0
LONGEST_GAP = 6.0
AT_ONCE = 200


class LeaseGrace:
    """Whether PostgreSQL has answered for long enough that every live worker has renewed its lease.

    After an outage, a failover for example, all leases are stale although the workers live. To free their jobs then
    would be to buy them again.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: float | None = None
        self._last = 0.0

    @contextmanager
    def observed(self) -> Iterator[bool]:
        """Around a sweep; says whether it has been calm until now. One that fails or hangs ends the calm."""
        began = self._clock()
        if self._since is None or began - self._last > LONGEST_GAP:
            self._since = began
        since, self._since = self._since, None
        yield began - since >= settings.LEASE_SECONDS / 2
        self._last = self._clock()
        self._since = since if self._last - began <= LONGEST_GAP else None


_calm = LeaseGrace()


def sweep() -> dict[str, Any]:
    """Frees dead workers' jobs, fails what is past its deadline, ends orphaned holds, rings for what nobody took."""
    with _calm.observed() as calm:
        found = _sweep(calm)
    part = found
    for _ in range(AT_ONCE):
        if not part["expired"] and not part["lapsed"] and not part["holds"]:
            break
        part = _sweep(calm=False)
        for name in ("expired", "lapsed", "broken", "holds"):
            found[name] += part[name]
    if found["silent"] or found["freed"]:
        # One is enough: engines look for themselves too, and a busy fleet must not collect doorbells.
        ring()
    if any(count for name, count in found.items() if name not in {"silent", "lapsed"}):
        logger.warning("The sweeper repaired: %s", found)
    return found


def _sweep(calm: bool) -> dict[str, Any]:
    """One call, one transaction: a tenant's jobs are ended one at a time."""
    result: Sweep = call("generation_sweep", SILENT_SECONDS, calm, using="system")
    for generation in result["ended"]:
        valkey.publish(valkey.ENDED, UUID(generation))
    return {name: count for name, count in result.items() if name != "ended"}
