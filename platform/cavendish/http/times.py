"""Times in JSON."""

from __future__ import annotations

from datetime import UTC, datetime

LATEST = datetime(9999, 12, 30, tzinfo=UTC)
"""The last time that is taken. A later one is beyond the calendar in some zones: nobody there could read it again."""


def moment(value: datetime | None) -> str | None:
    """Returns the time as RFC 3339 in UTC, like all JSON of the platform; None for None."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else None
