"""Times in Google's format."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(seconds: float) -> str:
    """Returns epoch seconds as RFC 3339 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
