"""Times in JSON."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(value: datetime | None) -> str | None:
    """Returns the time as RFC 3339 in UTC, like all JSON of the platform; None for None."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else None
