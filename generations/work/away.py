"""What answers go to and is away for now: said once when it begins and once when it is over, whoever waits for it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg_pool import PoolTimeout

from cavendish.telemetry import metrics

logger = logging.getLogger(__name__)

STORAGE, POSTGRESQL = "storage", "PostgreSQL"
AWAY = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout)
# Of a schema that is being migrated, grants that come at its end, a standby, and what a pooler has lost. By class:
# connections, prepared statements, resources, shutdowns, the system.
_COMES_RIGHT = frozenset({"42883", "42P01", "42703", "42704", "42501", "42P05", "25006"})
_CLASSES = ("08", "26", "53", "57", "58")

_waiting: Counter[str] = Counter()


def is_away(error: BaseException) -> bool:
    """Returns whether PostgreSQL, its schema or a pooler cannot do now what it can do later: no fault of a job."""
    if isinstance(error, AWAY):
        return True
    state = error.sqlstate if isinstance(error, psycopg.Error) else None
    return bool(state) and (state in _COMES_RIGHT or str(state).startswith(_CLASSES))


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
