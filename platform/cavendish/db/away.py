"""What means that PostgreSQL is away: the one answer for requests, workers, sweeps, commands and logs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django import db

# By class or whole: connections; a transaction that stood idle or took too long, and was ended with its connection; a
# standby; prepared statements that a pooler has lost; resources, shutdowns, the system.
_STATES = ("08", "25P03", "25P04", "25006", "26", "42P05", "53", "57", "58")
_KINDS = (psycopg.OperationalError, psycopg.InterfaceError, db.OperationalError, db.InterfaceError)
_WITHOUT_STATE = (psycopg.Error, psycopg.DatabaseError, psycopg.InternalError)
"""Exactly these, without an SQLSTATE, are what libpq says of a connection that broke under a statement."""

LACKING = frozenset({"42P01", "42703", "42883", "42501"})
"""SQLSTATEs of a schema that has not all migrations: a table, a column, a function or a right is missing."""


def is_away(error: BaseException) -> bool:
    """Returns whether PostgreSQL cannot do now what it can do later, rather than refusing a statement for good.

    Takes psycopg's errors (its pools' among them) and Django's, whose cause is psycopg's.
    """
    if isinstance(error, _KINDS):
        return True
    said = error.__cause__ if isinstance(error, db.Error) else error
    if not isinstance(said, psycopg.Error):
        return False
    state = said.sqlstate
    return state.startswith(_STATES) if state else type(said) in _WITHOUT_STATE


@contextmanager
def outages_ignored() -> Iterator[None]:
    """Its block may fail because PostgreSQL is away: what it would have written is found out by somebody else."""
    try:
        yield
    except Exception as error:
        if not is_away(error):
            raise
