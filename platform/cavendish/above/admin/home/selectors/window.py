"""The time that the front page looks at, and what is normal at that time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connections

from cavendish.db.router import current_alias

HOUR = timedelta(hours=1)
WEEKS = 4
TREND_HOURS = 24
FEWEST_SAMPLES = 4
"""With fewer days behind it nothing is called normal."""


@dataclass(frozen=True)
class Window:
    """A moment, and the sixty minutes before it.

    Roll-ups are by the hour, so those sixty minutes of another day are a blend: `share` of the hour that the moment is
    in, and the rest of the hour before.
    """

    now: datetime
    livemode: bool = True

    @property
    def hour(self) -> datetime:
        return self.now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)

    @property
    def share(self) -> float:
        return (self.now - self.hour) / HOUR

    def trend(self) -> list[datetime]:
        """Returns the 24 whole hours before the current one, oldest first."""
        return [self.hour - n * HOUR for n in range(TREND_HOURS, 0, -1)]

    def pairs(self) -> list[tuple[datetime, datetime]]:
        """Returns the hour of the moment and the one before, on each day of the last four weeks, yesterday's first."""
        days = [timedelta(days=day) for day in range(1, 7 * WEEKS + 1)]
        return [(self.hour - day, self.hour - day - HOUR) for day in days]

    def last_week(self) -> tuple[datetime, datetime]:
        return self.pairs()[6]

    def blend(self, pair: tuple[datetime, datetime], counts: Mapping[datetime, float]) -> float:
        """Returns the count of the sixty minutes that end at this time of a day of `pairs`, from the hours' counts."""
        this, before = pair
        return self.share * counts.get(this, 0) + (1 - self.share) * counts.get(before, 0)


@dataclass(frozen=True)
class Normal:
    """Where eight of ten days lie at this time of the day, of the last four weeks."""

    low: float
    high: float
    days: int


def normal_of(samples: Sequence[float]) -> Normal | None:
    """Returns the 10th and 90th percentile; None for too few samples."""
    if len(samples) < FEWEST_SAMPLES:
        return None
    ordered = sorted(samples)
    return Normal(low=quantile(ordered, 0.1), high=quantile(ordered, 0.9), days=len(ordered))


def quantile(ordered: Sequence[float], share: float) -> float:
    """Returns what `share` of the sorted values lie below, between two of them where need be."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def rows(query: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Returns what a statement of the operator's finds."""
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(query, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def hours_of(pairs: Iterable[tuple[datetime, datetime]]) -> list[datetime]:
    return sorted({hour for pair in pairs for hour in pair})


def json_of(value: Any) -> Any:
    """Returns a jsonb column's value, which Django leaves as text."""
    return json.loads(value) if isinstance(value, str) else value
