"""Statements that every job runs: planned once for a connection, and each run with one call of libpq.

A cursor of psycopg gives up the interpreter's lock nine times for a statement, so that others may run while it waits.
Where many threads want the lock, each time is two changes of thread, most of them for a system call that never waits.

Most statements of ours have many forms, and each that is kept takes memory in each connection. Behind a pooler in
transaction mode nothing is prepared (`DATABASE_POOLER`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import Connection, OperationalError
from psycopg.abc import Transformer as Adapter
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import DiagnosticField, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

_names: WeakKeyDictionary[Connection[Any], dict[tuple[str, tuple[int, ...]], bytes]] = WeakKeyDictionary()
"""What each connection has prepared: the names of statements, by text and by the types of their values."""


class Found(NamedTuple):
    """What a statement returned. Few callers want to know its columns, of which there may be a hundred."""

    rows: list[tuple[Any, ...]]
    result: PGresult

    def names(self) -> list[str]:
        """Returns the columns' names."""
        return [(self.result.fname(column) or b"").decode() for column in range(self.result.nfields)]

    def types(self) -> list[int]:
        """Returns the oids of the columns' types."""
        return [self.result.ftype(column) for column in range(self.result.nfields)]


def run(connection: BaseDatabaseWrapper, statement: str, values: Sequence[Any]) -> Found:
    """Returns what a statement returns; `values` stand where it says %s.

    Runs in the transaction that is open, else in one of its own. Raises Django's exceptions, as its cursors do.
    """
    return _run(connection, statement, values, None)


def run_as(tenant_id: UUID, connection: BaseDatabaseWrapper, statement: str, values: Sequence[Any]) -> Found:
    """Returns what a statement returns in a transaction of its own in which only the rows of `tenant_id` exist.

    All of it is one message: what comes as one is one transaction. The values go into its text, so they are none that a
    log must not show. Raises RuntimeError inside a transaction, which would keep the tenant.
    """
    if connection.in_atomic_block:
        raise RuntimeError("run_as() makes a transaction of its own; a transaction is open already.")
    return _run(connection, statement, values, tenant_id)


def check(result: PGresult) -> None:
    """Raises psycopg's exception for a statement that failed."""
    if result.status in {ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK}:
        return
    if result.error_field(DiagnosticField.SQLSTATE):
        raise error_from_result(result)
    # libpq's own words, of a connection that broke: psycopg would make its base class of them, a defect's.
    raise OperationalError(result.get_error_message())


def _run(connection: BaseDatabaseWrapper, statement: str, values: Sequence[Any], tenant_id: UUID | None) -> Found:
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    began = time.monotonic()
    try:
        with connection.wrap_database_errors:
            driver: Connection[Any] = connection.connection
            adapter = Transformer(driver)
            if tenant_id is None:
                result = _in_transaction(driver, adapter, statement, values)
            else:
                result = _as_tenant(driver, adapter, statement, values, tenant_id)
            check(result)
            adapter.set_pgresult(result)
            return Found(adapter.load_rows(0, result.ntuples, tuple), result)
    finally:
        if connection.queries_logged:
            connection.queries_log.append({"sql": statement, "time": f"{time.monotonic() - began:.3f}"})


def _in_transaction(driver: Connection[Any], adapter: Adapter, statement: str, values: Sequence[Any]) -> PGresult:
    sent = adapter.dump_sequence(values, [PyFormat.AUTO] * len(values))
    types, formats = adapter.types or (), adapter.formats
    server = driver.pgconn
    if not driver.autocommit and server.transaction_status == TransactionStatus.IDLE:
        check(server.exec_(b"BEGIN"))
    if driver.prepare_threshold is None:
        return server.exec_params(_numbered(statement, len(values)), sent, types, formats)
    return server.exec_prepared(_prepared(driver, statement, types), sent, formats)  # type: ignore[arg-type]  # NULL


def _as_tenant(
    driver: Connection[Any], adapter: Adapter, statement: str, values: Sequence[Any], tenant_id: UUID
) -> PGresult:
    literals = [adapter.as_literal(value) for value in values]
    if driver.prepare_threshold is None:
        first, *parts = statement.encode().split(b"%s")
        work = first + b"".join(literal + part for literal, part in zip(literals, parts, strict=True))
    else:
        adapter.dump_sequence(values, [PyFormat.TEXT] * len(values))
        work = b"EXECUTE %s(%s)" % (_prepared(driver, statement, adapter.types or ()), b", ".join(literals))
    return driver.pgconn.exec_(b"SET LOCAL app.tenant_id = '%s'; %s" % (tenant_id.hex.encode(), work))


def _prepared(driver: Connection[Any], statement: str, types: tuple[int, ...]) -> bytes:
    names = _names.setdefault(driver, {})
    name = names.get((statement, types))
    if name is None:
        name = b"kept_%d" % len(names)
        check(driver.pgconn.prepare(name, _numbered(statement, len(types)), types))
        names[statement, types] = name
    return name


@cache
def _numbered(statement: str, count: int) -> bytes:
    """Returns the statement with $1, $2 and so on where it says %s."""
    first, *parts = statement.split("%s")
    assert len(parts) == count
    return (first + "".join(f"${place}{part}" for place, part in enumerate(parts, start=1))).encode()
