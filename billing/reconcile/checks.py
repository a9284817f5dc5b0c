from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from billing.months import month_after, month_first

MONTHLY = "--! monthly"
"""A line at the top of a check whose sums are too many to hold at once, and whose two sides share a billing date."""
ALWAYS = ("-infinity", "infinity")


@dataclass(frozen=True)
class Since:
    """What was written since a moment: `day` is the earliest date that any of it is billed on, `jobs` and `books` are
    the ids from which its jobs, and its transactions of the ledger, may begin.
    """

    at: datetime
    day: date
    jobs: UUID
    books: UUID


EVER = UUID(int=0)


@dataclass(frozen=True)
class Scope:
    """The rows that are compared: of one tenant or all, of one month of billing dates, of what was written since a
    moment, or of all time.
    """

    tenant_id: UUID | None = None
    month: date | None = None
    since: Since | None = None

    def values(self) -> dict[str, Any]:
        first, end = ALWAYS if self.month is None else (month_first(self.month), month_after(self.month))
        values = {"tenant": self.tenant_id, "first": first, "end": end, "since": ALWAYS[0], "jobs": EVER, "books": EVER}
        if self.since is not None:
            since = self.since
            values |= {"first": since.day, "since": since.at, "jobs": since.jobs, "books": since.books}
        return values

    def parts(self, months: Iterable[date]) -> Iterator[dict[str, Any]]:
        """Yields the values of parts that cover all time: each month that is named, and what lies between them."""
        whole = self.values()
        if self.month is not None or self.since is not None:
            yield whole
            return
        begin: Any = ALWAYS[0]
        for month in sorted(months):
            if begin != month:
                yield {**whole, "first": begin, "end": month}
            begin = month_after(month)
            yield {**whole, "first": month, "end": begin}
        yield {**whole, "first": begin, "end": ALWAYS[1]}


@dataclass(frozen=True)
class Check:
    """`about` is a sentence for people, `sql` returns the differing rows. `monthly`: run for each month by itself."""

    name: str
    about: str
    sql: str
    monthly: bool = False


@dataclass
class Differences:
    """The result of a check: how many rows differ, the first of them, and the seconds that it took.

    `error` names what kept it from running; then the rest says nothing.
    """

    check: str
    about: str
    count: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    error: str = ""


def checks_in(folder: Path) -> list[Check]:
    """Returns the checks of a folder, by name. The comment at the top of a file says what it is about."""
    return [_check_read(path) for path in sorted(folder.glob("*.sql"))]


def _check_read(path: Path) -> Check:
    lines = path.read_text().splitlines()
    head = next((place for place, line in enumerate(lines) if not line.startswith("--")), len(lines))
    about = " ".join(line.removeprefix("--").strip() for line in lines[:head] if line != MONTHLY)
    return Check(path.stem, about, "\n".join(lines[head:]).strip().rstrip(";"), MONTHLY in lines[:head])
