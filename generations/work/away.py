"""What answers go to and is away for now: said once when it begins and once when it is over, whoever waits for it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from cavendish.db import away
from cavendish.telemetry import metrics

logger = logging.getLogger(__name__)

STORAGE, POSTGRESQL = "storage", "PostgreSQL"
# Of a schema that is being migrated, and of grants that come at its end. A statement that waited for a migration's lock
# finds what is there then: another key (42P10), other columns (42804, 0A000), two functions of one name (42725), or a
# row of the catalog gone that it had looked up (XX000).
_COMES_RIGHT = away.LACKING | {"42704", "42P10", "42804", "42725", "0A000", "XX000"}

_waiting: Counter[str] = Counter()


def is_away(error: BaseException) -> bool:
    """Returns whether PostgreSQL, its schema or a pooler cannot do now what it can do later: no fault of a job.

    Jobs wait for a schema, too; a request is answered at once, and then what is missing is a defect.
    """
    return away.is_away(error) or (isinstance(error, psycopg.Error) and error.sqlstate in _COMES_RIGHT)


def is_waited_for(what: str) -> bool:
    """Returns whether an answer of this process waits for it now."""
    return _waiting[what] > 0


@contextmanager
def waited_for(what: str, reason: str) -> Iterator[None]:
    """Notes that an answer waits for it within the block."""
    _waiting[what] += 1
    if _waiting[what] == 1:
        logger.error("%s takes no answers (%s): they wait in the spool.", what, reason)
        _show(what)
    try:
        yield
    finally:
        _waiting[what] -= 1
        if not _waiting[what]:
            logger.warning("%s takes answers again, or none waits any more.", what)
            _show(what)


def _show(what: str) -> None:
    if what == STORAGE:
        metrics.STORAGE_FAULT.set(is_waited_for(what))
