"""When a delivery is tried again, and when an endpoint that fails is given up. All in seconds or timedelta."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

MINUTE, HOUR = 60.0, 3600.0
DELAYS = (5.0, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR)
"""After the first attempt, the second, and so on: 75 hours and 35 minutes in all."""

JITTER = 0.1
"""Up to so much of a delay comes on top, so that a receiver that was away is not met by everything at once."""

MAX_RETRY_AFTER = 24 * HOUR

WARN_AFTER = timedelta(days=3)
DISABLE_AFTER = timedelta(days=5)
WARNING = timedelta(days=1)
"""The least time between the mail that warns and the end."""


def delay_after(attempts: int, retry_after: float | None = None) -> float | None:
    """Returns the seconds from attempt number `attempts` to the next, None after the last.

    `retry_after` is what the receiver asked for: the attempt comes no earlier, but within a day.
    """
    if attempts > len(DELAYS):
        return None
    delay = DELAYS[attempts - 1]
    if retry_after is not None:
        delay = max(delay, min(retry_after, MAX_RETRY_AFTER))
    return delay * (1 + random.random() * JITTER)


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Returns the seconds that a `Retry-After` header asks for, as a number or a date; None for none or nonsense."""
    if not value:
        return None
    if value.isascii() and value.isdecimal() and len(value) < 10:
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
