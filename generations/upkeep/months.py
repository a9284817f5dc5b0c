"""The monthly partitions of what grows with every job: made ahead, and dropped once nothing of a month is kept.

Contents, calls upstream and events of a job are in the month in which it was made (decision 0038).
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from cavendish.db.call import call, call_row

logger = logging.getLogger(__name__)

MONTHS = 4
"""This one, and three ahead."""
TABLES = ("events_event", "generations_upstreamcall", "generations_generationcontent")
STAYING = 10_000
"""Rows of a month that may be put aside and come back; a month with more that stays is left as it is."""
LEAST_BYTES = 16 * 1024 * 1024
DROP_SECONDS = 60.0


def months_create() -> int:
    """Makes the partitions that are missing; returns how many. A busy table gets its own the next time."""
    count = 0
    for table in TABLES:
        try:
            count += call("generation_months_create", table, timezone.now().date(), MONTHS, using="system")
        except DatabaseError as error:
            _passed_over(error, table)
    return count


def months_drop() -> int:
    """Drops the months that ended HISTORY_MONTHS ago and of which nothing is kept; returns how many.

    Of a month of which little is kept, all else goes. What is kept: whatever belongs to generations that are not
    deleted, so retention, deletion, erasure and legal holds decide it; and events of other things.
    """
    if not settings.HISTORY_MONTHS:
        return 0
    # Months of 31 days: never too early.
    before = timezone.now() - timedelta(days=31 * settings.HISTORY_MONTHS)
    until = time.monotonic() + DROP_SECONDS
    count = 0
    for table in TABLES:
        try:
            while time.monotonic() < until:
                gone = call_row("generation_month_drop", table, before, STAYING, LEAST_BYTES, using="system")
                if gone is None:
                    break
                logger.info("The month %s is gone; %d of its rows stay.", gone["name"], gone["stayed"])
                count += 1
        except DatabaseError as error:
            _passed_over(error, table)
    return count


def _passed_over(error: DatabaseError, table: str) -> None:
    """Somebody has the table, and a job must not wait behind us: the next run tries again."""
    if not isinstance(error.__cause__, LockNotAvailable):
        raise error
    logger.info("%s is busy: its months wait for the next run.", table)
