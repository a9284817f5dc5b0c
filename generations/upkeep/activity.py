"""The hourly roll-ups of jobs for the operator's pages: counted anew by the scheduler, each hour whole.

An hour is one short transaction. What runs long would hold back everybody who reads events, who wait for the oldest
transaction.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from cavendish.db.call import call, call_values
from generations.upkeep.durations import EDGES

REFRESH_SECONDS = 5.0


def activity_refresh() -> int:
    """Counts the current hour, the one before and the last sixty minutes anew, and what tenants paid in two weeks.

    Returns how many rows changed.

    After a gap it begins with the last hour that is counted, or five weeks ago, and goes on for REFRESH_SECONDS; the
    next call does the rest. The scheduler calls it every minute.
    """
    until = time.monotonic() + REFRESH_SECONDS
    changed = int(call("activity_latest_refresh", list(EDGES), using="system") or 0)
    changed += int(call("tenant_moves_refresh", using="system") or 0)
    for hour in call_values("activity_due", using="system"):
        changed += _count(hour)
        if time.monotonic() > until:
            break
    return changed


def activity_rebuild(*, since: datetime, until: datetime) -> int:
    """Counts the hours from that of `since` to that of `until` anew; returns how many rows changed.

    It loses nothing: jobs stay as rows, with their charges and holds, when their content is erased.
    """
    changed, hour = 0, since.replace(minute=0, second=0, microsecond=0)
    while hour <= until:
        changed += _count(hour)
        hour += timedelta(hours=1)
    return changed


def _count(hour: datetime) -> int:
    return int(call("activity_hour_refresh", hour, list(EDGES), using="system") or 0)
