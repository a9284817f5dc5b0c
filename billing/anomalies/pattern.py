"""What is usual, and how much more is not. One rule, plain enough to be checked by hand.

The days compared are the same weekdays of the last eight weeks, from the first day with use on; where those are fewer
than four, all days of that time, and with less than a week of them nothing is said. What is usual is their median, and
how much they stray is the median of their distances from it (MAD), which a single wild day does not move. A day is out
of its pattern when it passes the median by more than each of: SPREADS such strays as a normal distribution has them
(MAD × 1.4826), once more the median itself, and the minimum, so that who spends little is not reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from statistics import median

from billing.money import LINE, ZERO

HISTORY_DAYS = 56
WEEK, FEWEST_SAME = 7, 4
SPREADS = 5
OF_NORMAL = Decimal("1.4826")


@dataclass(frozen=True)
class Pattern:
    """`usual` is what such a day comes to, `limit` what it would have to pass to be out of the pattern."""

    usual: Decimal
    limit: Decimal


def pattern_of(used: Mapping[date, Decimal], *, day: date, minimum: Decimal) -> Pattern | None:
    """Returns the pattern of `day` by what the days before it used; None where they are too few."""
    window = [day - timedelta(days=back) for back in range(HISTORY_DAYS, 0, -1)]
    first = next((one for one in window if used.get(one)), None)
    if first is None:
        return None
    counted = [one for one in window if one >= first]
    if len(counted) < WEEK:
        return None
    same = [one for one in counted if one.weekday() == day.weekday()]
    days = same if len(same) >= FEWEST_SAME else counted
    values = [used.get(one, ZERO) for one in days]
    usual = _median(values)
    stray = _median([abs(value - usual) for value in values]) * OF_NORMAL
    return Pattern(usual, (usual + max(SPREADS * stray, usual, minimum)).quantize(LINE))


def _median(values: Sequence[Decimal]) -> Decimal:
    return Decimal(median(values))
