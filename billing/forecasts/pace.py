"""The pace: what a day is expected to bring. One rule, plain enough to be checked by hand.

A day brings the average of the same weekdays among the last 28 days; today is not among them, for it is not over. Days
before the first one with use are left out, so that who began ten days ago is not averaged with nothing. Of less than a
week all days count alike. Today brings at least what it has brought already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from billing.money import LINE, ZERO

HISTORY_DAYS = 28
WEEK = 7


@dataclass(frozen=True)
class Pace:
    """`by_weekday` is what a day brings, Monday's first; `daily` the average of all days that count."""

    by_weekday: tuple[Decimal, ...]
    daily: Decimal

    def of(self, day: date) -> Decimal:
        return self.by_weekday[day.weekday()]

    def more(self, *, today: date, used_today: Decimal, until: date) -> list[tuple[date, Decimal]]:
        """Returns what each day from today to before `until` brings from now on, in their order."""
        if until <= today:
            return []
        rest = max(self.of(today) - used_today, ZERO)
        days = [today + timedelta(days=ahead) for ahead in range(1, (until - today).days)]
        return [(today, rest), *((day, self.of(day)) for day in days)]


def pace_of(used: Mapping[date, Decimal], *, today: date) -> Pace | None:
    """Returns the pace of what was used by day; None where the last 28 days saw nothing, today left out."""
    window = [today - timedelta(days=back) for back in range(HISTORY_DAYS, 0, -1)]
    first = next((day for day in window if used.get(day)), None)
    if first is None:
        return None
    counted = [day for day in window if day >= first]
    daily = _mean([used.get(day, ZERO) for day in counted])
    if len(counted) < WEEK:
        return Pace((daily,) * WEEK, daily)
    return Pace(
        tuple(_mean([used.get(day, ZERO) for day in counted if day.weekday() == weekday]) for weekday in range(WEEK)),
        daily,
    )


def _mean(values: list[Decimal]) -> Decimal:
    return (sum(values, ZERO) / len(values)).quantize(LINE)
