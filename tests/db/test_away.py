"""Which errors mean that PostgreSQL is away, made by PostgreSQL and libpq themselves where that can be."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django import db
from django.db import connection, transaction
from psycopg import errors
from psycopg_pool import PoolTimeout

from cavendish.db.away import is_away, outages_ignored
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import problem_of


@pytest.fixture(autouse=True)
def _afresh() -> Iterator[None]:
    yield
    connection.close()


def as_django(error: psycopg.Error) -> db.Error:
    """The error as Django raises it."""
    kind: type[db.Error] = next(
        getattr(db, each.__name__)
        for each in type(error).__mro__
        if each.__module__ == "psycopg" and hasattr(db, each.__name__)
    )
    said = kind("a prompt")
    said.__cause__ = error
    return said


def cut() -> None:
    """The connection breaks, and neither side has said a word."""
    connection.ensure_connection()
    with socket.socket(fileno=os.dup(connection.connection.fileno())) as wire:
        wire.shutdown(socket.SHUT_RDWR)


AWAY: list[psycopg.Error] = [
    errors.AdminShutdown(), errors.CrashShutdown(), errors.CannotConnectNow(), errors.TooManyConnections(),
    errors.DeadlockDetected(), errors.LockNotAvailable(), errors.QueryCanceled(), errors.DiskFull(),
    errors.IdleInTransactionSessionTimeout(), errors.ReadOnlySqlTransaction(), errors.InvalidSqlStatementName(),
    errors.lookup("25P04")(), psycopg.DatabaseError(), psycopg.InternalError(), psycopg.InterfaceError(), PoolTimeout(),
]  # fmt: skip
DEFECTS: list[psycopg.Error] = [
    errors.UndefinedTable(), errors.UniqueViolation(), errors.NumericValueOutOfRange(), errors.InFailedSqlTransaction(),
    errors.DataCorrupted(), psycopg.ProgrammingError(), psycopg.DataError(),
]  # fmt: skip


@pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
def test_what_comes_right_by_itself_is_away(error: psycopg.Error) -> None:
    assert is_away(error)
    assert is_away(as_django(error))


@pytest.mark.parametrize("error", DEFECTS, ids=lambda error: type(error).__name__)
def test_what_does_not_is_a_defect(error: psycopg.Error) -> None:
    assert not is_away(error)
    assert not is_away(as_django(error))


@pytest.mark.parametrize("error", [db.DatabaseError(), transaction.TransactionManagementError(), ValueError()])
def test_an_error_of_djangos_own_is_a_defect(error: Exception) -> None:
    assert not is_away(error)


def test_only_outages_are_ignored() -> None:
    with outages_ignored():
        raise PoolTimeout
    with pytest.raises(errors.UniqueViolation), outages_ignored():
        raise errors.UniqueViolation


def refused(work: Any) -> None:
    with pytest.raises(db.Error) as caught:
        work()
    problem = problem_of(caught.value)
    assert problem is not None
    assert (problem.status, problem.headers) == (503, {"Retry-After": "2"})


def test_a_connection_that_breaks_before_a_tenants_context_is_503() -> None:
    def work() -> None:
        cut()
        with tenant_context(uuid4()):
            pytest.fail("There is no connection.")

    refused(work)


def test_a_connection_that_breaks_within_it_is_503() -> None:
    def work() -> None:
        with tenant_context(uuid4()), connection.cursor() as cursor:
            cut()
            cursor.execute("SELECT 1")

    refused(work)


def test_a_connection_that_breaks_before_the_commit_is_503() -> None:
    def work() -> None:
        with tenant_context(uuid4()):
            cut()

    refused(work)


@pytest.mark.parametrize("setting", ["idle_in_transaction_session_timeout", "transaction_timeout"])
def test_a_transaction_that_was_ended_for_its_time_is_503(setting: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_settings WHERE name = %s", [setting])
        if cursor.fetchone() == (0,):
            pytest.skip(f"This PostgreSQL has no {setting}.")

    def work() -> None:
        with tenant_context(uuid4()), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL {setting} = '5ms'")
            time.sleep(0.1)
            cursor.execute("SELECT 1")

    refused(work)
