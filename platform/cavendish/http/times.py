"""Times as all our JSON writes them."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(value: datetime | None) -> str | None:
    """RFC 3339 in UTC with microseconds."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else None
