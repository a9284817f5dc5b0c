"""A run from its beginning to its end, in the process that does it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connections
from django.utils import timezone

from billing.reconcile import Differences, Snapshot, snapshot
from cavendish.above.reconcile.compare import Options, compare
from cavendish.above.reconcile.models import ReconcileRun
from cavendish.db.ids import new_id
from cavendish.db.router import acting_as, current_alias

logger = logging.getLogger(__name__)

Status = ReconcileRun.Status
LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0)) AS locked"


@dataclass
class Recorder:
    """A run in progress: the snapshot that it reads, and its results, which whoever does it adds."""

    run: ReconcileRun
    books: Snapshot
    results: list[Differences] = field(default_factory=list)

    def add(self, result: Differences) -> Differences:
        self.results.append(result)
        return result

    @property
    def outcome(self) -> Status:
        return outcome(self.results)


def outcome(results: Sequence[Differences]) -> Status:
    """Returns how a run with these results ends. A check that could not run makes all of it a failure."""
    if any(result.error for result in results):
        return Status.FAILED
    return Status.DIFFERENCES if any(result.count for result in results) else Status.CLEAN


def run_queued(run_id: UUID) -> bool:
    """Does a queued run. Returns False where another process does it, or it has ended."""
    with acting_as("operator"), snapshot() as books:
        rows = ReconcileRun.objects.filter(id=run_id)
        if not _lock_of(books, run_id):
            return False
        if not rows.filter(status=Status.QUEUED).update(status=Status.RUNNING, started_at=timezone.now()):
            return False
        with _ending(Recorder(rows.get(), books)) as recorder:
            for result in compare(books, Options.of_run(recorder.run.options)):
                recorder.add(result)
    return True


@contextmanager
def run_of_command(*, whole: bool, options: dict[str, Any]) -> Iterator[Recorder]:
    """Runs the block as a run of `manage.py reconcile`, which is kept; as the operator.

    A database that only reads (a standby) is compared all the same, and the run is not kept.
    """
    run = ReconcileRun(
        id=new_id(),
        trigger=ReconcileRun.Trigger.COMMAND,
        actor="command",
        status=Status.RUNNING,
        whole=whole,
        options=options,
        started_at=timezone.now(),
    )
    with acting_as("operator"), snapshot() as books:
        _lock_of(books, run.id)
        try:
            run.save(force_insert=True)
        except DatabaseError as error:
            logger.warning("The run is not kept: PostgreSQL answered %s.", type(error).__name__)
            yield Recorder(run, books)
            return
        with _ending(Recorder(run, books)) as recorder:
            yield recorder


@contextmanager
def _ending(recorder: Recorder) -> Iterator[Recorder]:
    """Writes at the end of the block how the run has ended."""
    try:
        yield recorder
    except BaseException as error:
        # its text may repeat values of a row
        _end(recorder, Status.FAILED, f"{type(error).__name__} ended it.")
        raise
    failed = [result.check for result in recorder.results if result.error]
    _end(recorder, recorder.outcome, f"Could not run: {', '.join(failed)}." if failed else "")


def _end(recorder: Recorder, status: Status, error: str) -> None:
    try:
        ReconcileRun.objects.filter(id=recorder.run.id, status=Status.RUNNING).update(
            status=status,
            checks=[_result_json(result) for result in recorder.results],
            differing=sum(result.count for result in recorder.results),
            error=error[:300],
            ended_at=timezone.now(),
        )
    except DatabaseError as refused:
        logger.warning("The end of a run is not kept: PostgreSQL answered %s.", type(refused).__name__)


def _result_json(result: Differences) -> dict[str, Any]:
    return {
        "check": result.check,
        "about": result.about,
        "count": result.count,
        "seconds": round(result.seconds, 1),
        "error": result.error,
        "rows": [{name: value_text(value) for name, value in row.items()} for row in result.rows],
    }


def value_text(value: Any) -> str | None:
    """Returns a value of a row as it is kept: decimals in plain digits, times as ISO 8601."""
    if value is None:
        return None
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _lock_of(books: Snapshot, run_id: UUID) -> bool:
    """Takes the run's lock for as long as the snapshot is open. Returns False where another process has it."""
    row = books.connection.execute(LOCK, [_name(run_id)]).fetchone()
    return row is not None and bool(row["locked"])


def is_abandoned(run_id: UUID) -> bool:
    """Returns whether no process has the run's lock; in a transaction, which has it from then on."""
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(LOCK, [_name(run_id)])
        row = cursor.fetchone()
    return row is not None and bool(row[0])


def _name(run_id: UUID) -> str:
    return f"reconcile {run_id}"
