"""From when until when a list or a file is asked for: `from` and `to`, days of a time zone or times."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from accounts.authentication.parameters import Parameters
from cavendish.http.times import MomentInvalid, day_parse

SPAN = ("from", "to")
EXCLUSIVE = "It must lie after `from`; what is on it is not included."


def span_of(parameters: Parameters, zone: str) -> tuple[datetime | None, datetime | None]:
    """Returns both moments in UTC, the second exclusive; None where one is absent or wrong."""
    start, end = (_moment(parameters, name, zone) for name in SPAN)
    if start is not None and end is not None and start >= end:
        parameters.wrong("to", "out_of_range", EXCLUSIVE)
    return start, end


def days_of(parameters: Parameters) -> tuple[date | None, date | None]:
    """Returns both days, the second exclusive; None where one is absent or wrong."""
    first, end = (day_of(parameters, name) for name in SPAN)
    if first is not None and end is not None and first >= end:
        parameters.wrong("to", "out_of_range", EXCLUSIVE)
    return first, end


def day_of(parameters: Parameters, name: str) -> date | None:
    """Returns the date of a parameter; None where it is absent or wrong."""
    text = parameters.text(name)
    if text is None:
        return None
    try:
        return day_parse(text)
    except MomentInvalid as error:
        parameters.wrong(name, error.code, str(error))
        return None


def day_begins(day: date, zone: str) -> datetime:
    """Returns when a day begins in a time zone, in UTC."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def _moment(parameters: Parameters, name: str, zone: str) -> datetime | None:
    if "T" in (parameters.values.get(name) or ""):
        return parameters.moment(name)
    day = day_of(parameters, name)
    return None if day is None else day_begins(day, zone)
