from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Scope:
    """What is looked at: one tenant or all, one month of billing dates or all time."""

    tenant_id: UUID | None = None
    month: date | None = None

    def values(self) -> dict[str, Any]:
        if self.month is None:
            return {"tenant": self.tenant_id, "first": "-infinity", "end": "infinity"}
        end = (self.month.replace(day=1) + timedelta(days=32)).replace(day=1)
        return {"tenant": self.tenant_id, "first": self.month.replace(day=1), "end": end}


@dataclass(frozen=True)
class Check:
    """`about` is a sentence for people, `sql` answers the differing rows."""

    name: str
    about: str
    sql: str


@dataclass
class Differences:
    """What a check found: how many rows differ, the first of them, and the seconds that it took."""

    check: str
    about: str
    count: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0


def checks_in(folder: Path) -> list[Check]:
    """The checks of a folder, by name. The comment at the top of a file is what it is about."""
    return [_read(path) for path in sorted(folder.glob("*.sql"))]


def _read(path: Path) -> Check:
    lines = path.read_text().splitlines()
    head = next((place for place, line in enumerate(lines) if not line.startswith("--")), len(lines))
    about = " ".join(line.removeprefix("--").strip() for line in lines[:head])
    return Check(path.stem, about, "\n".join(lines[head:]).strip().rstrip(";"))
