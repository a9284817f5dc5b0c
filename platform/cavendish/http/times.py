"""Times in JSON."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from django.utils.dateparse import parse_datetime

from cavendish.http.problems import shown

LATEST = datetime(9999, 12, 30, tzinfo=UTC)
"""The last time that is taken. A later one is beyond the calendar in some zones: nobody there could read it again."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class MomentInvalid(ValueError):
    """Its text says what is wrong, and what would be right."""

    def __init__(self, text: str, code: str = "wrong_type") -> None:
        self.code = code
        super().__init__(text)


def moment_parse(text: str) -> datetime:
    """Returns a time that was written with its offset, in UTC. Raises MomentInvalid."""
    try:
        value = parse_datetime(text)
    except ValueError:  # of no calendar: the 30th of February
        value = None
    if value is None:
        raise MomentInvalid(f"{shown(text)} is no time; write it like 2026-12-01T00:00:00Z.")
    if value.tzinfo is None:
        raise MomentInvalid("The time has no offset; write it like 2026-12-01T00:00:00Z.")
    try:
        value = value.astimezone(UTC)
    except OverflowError:
        value = datetime.max.replace(tzinfo=UTC)
    if value > LATEST:
        raise MomentInvalid("The time is out of range; use one from the years 1 to 9999.", "out_of_range")
    return value


def day_parse(text: str, *, before: int = 2201) -> date:
    """Returns a day of this century, or of the next one. Raises MomentInvalid."""
    try:
        # date.fromisoformat takes weeks too, which nobody means here.
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not 2000 <= day.year < before:
        raise MomentInvalid(f"{shown(text)} is no date; write it like 2026-11-30.")
    return day


def moment(value: datetime | None) -> str | None:
    """Returns the time as RFC 3339 in UTC, like all JSON of the platform; None for None."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else None
