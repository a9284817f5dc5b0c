"""Cursors of reports of usage: the sort key of the last row that was seen, as an opaque text."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, date, datetime
from uuid import UUID

from billing.usage.query import DIMENSIONS, Cursor


def cursor_text(cursor: Cursor) -> str:
    return base64.urlsafe_b64encode(json.dumps(cursor).encode()).decode().rstrip("=")


def cursor_parse(text: str, group_by: tuple[str, ...]) -> Cursor | None:
    """Returns the parts, each of which must be what it is cast to, spelled as we do: PostgreSQL's error would be a 500.

    Python takes more spellings than PostgreSQL: weeks, `urn:uuid:`, halves of characters, offsets with fractions.
    """
    try:
        parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(parts, list) or len(parts) != 2 * len(group_by) + 1:
            return None
        for place, part in enumerate(parts):
            if not isinstance(part, str) or "\0" in part:
                return None
            part.encode()
            if place == len(parts) - 1:
                continue
            if place % 2 == 0:
                if part not in {"true", "false"}:
                    return None
                continue
            kind = DIMENSIONS[group_by[place // 2]].type
            if not _is_spelled(part, kind):
                return None
    except (ValueError, OverflowError, RecursionError, binascii.Error):
        return None
    return tuple(parts)


def _is_spelled(part: str, kind: str) -> bool:
    """Returns whether PostgreSQL spells it so. Raises ValueError for what is nothing of the kind at all."""
    match kind:
        case "uuid":
            return str(UUID(part)) == part
        case "date":
            return part == "-infinity" or str(date.fromisoformat(part)) == part
        case "timestamptz":
            return part == "-infinity" or str(datetime.fromisoformat(part).astimezone(UTC)) == part
    return True
