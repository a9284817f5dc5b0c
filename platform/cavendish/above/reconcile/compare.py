"""What is compared: checks of the books and the jobs, rows against stored objects, or the books with Google's bill."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from billing.reconcile import Check, Differences, Scope, Snapshot, books_checks
from cavendish.db import ids
from cavendish.storage import objects
from generations.reconcile import hashes_compare, jobs_checks, objects_compare
from generations.reconcile.hashes import ABOUT as HASHES_ABOUT
from generations.reconcile.objects import ABOUT

logger = logging.getLogger(__name__)

OBJECTS, HASHES = "objects", "hashes"
SAMPLE, ALL = "sample", "all"
"""Of which objects the bytes are read."""
MOST_ROWS = 20
"""Of the rows that differ, how many a check keeps."""


@dataclass(frozen=True)
class Options:
    """To what a comparison is limited. `checks` are names, all where it is empty; `most` rows of each are kept.

    `since`: to what was written from that moment on. `hashes`: of which objects the bytes are read, none where empty.
    """

    tenant_id: UUID | None = None
    month: date | None = None
    checks: tuple[str, ...] = ()
    objects: bool = True
    most: int = MOST_ROWS
    since: datetime | None = None
    hashes: str = ""

    @classmethod
    def of_run(cls, options: dict[str, Any]) -> Self:
        """Returns the options of a run of the scheduler's, or of an operator's, as they were kept."""
        since = options.get("since")
        return cls(since=datetime.fromisoformat(since) if since else None, hashes=options.get("hashes", ""))

    @property
    def whole(self) -> bool:
        return self.objects and not (self.tenant_id or self.month or self.checks or self.since)

    def as_json(self) -> dict[str, Any]:
        """Returns what differs from a whole comparison."""
        return {
            **({"tenant_id": ids.encode(ids.TENANT, self.tenant_id)} if self.tenant_id else {}),
            **({"month": f"{self.month:%Y-%m}"} if self.month else {}),
            **({"checks": list(self.checks)} if self.checks else {}),
            **({} if self.objects else {"objects": False}),
            **({"since": self.since.isoformat()} if self.since else {}),
            **({"hashes": self.hashes} if self.hashes else {}),
        }


def all_checks() -> list[Check]:
    return [*books_checks(), *jobs_checks()]


def compare(books: Snapshot, options: Options) -> Iterator[Differences]:
    """Yields the result of each check, one by one. One that cannot run says so and stops none of the others."""
    since = books.since(options.since) if options.since is not None else None
    scope = Scope(tenant_id=options.tenant_id, month=options.month, since=since)
    for check in all_checks():
        if not options.checks or check.name in options.checks:
            yield _alone(books, check.name, check.about, _check(books, check, scope, options.most))
    if options.objects and (not options.checks or OBJECTS in options.checks):
        yield _alone(books, OBJECTS, ABOUT, lambda: objects_compare(books, scope, store=objects(), most=options.most))
    if options.hashes:
        yield _alone(books, HASHES, HASHES_ABOUT, lambda: _hashes(books, scope, options))


def _hashes(books: Snapshot, scope: Scope, options: Options) -> Differences:
    return hashes_compare(books, scope, store=objects(), most=options.most, every=options.hashes == ALL)


def _check(books: Snapshot, check: Check, scope: Scope, most: int) -> Callable[[], Differences]:
    return lambda: books.run(check, scope, most=most)


def _alone(books: Snapshot, name: str, about: str, run: Callable[[], Differences]) -> Differences:
    """Returns what a check found, or why it could not run: in a savepoint, so that the next one can.

    Raises whatever it was when the connection is lost, for nothing can run after that.
    """
    try:
        with books.connection.transaction():
            return run()
    except Exception as error:
        if books.connection.closed:
            raise
        # its text may repeat values of the row
        logger.warning("The check %s could not run: %s", name, type(error).__name__)
        return Differences(name, about, error=type(error).__name__)
