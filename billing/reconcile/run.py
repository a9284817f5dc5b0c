from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from billing.reconcile.checks import Check, Differences, Scope, checks_in
from cavendish.db.pool import conninfo

FOLDER = Path(__file__).parent / "sql"
WORK_MEM = "48MB"
"""For each sort or hash of a query: a few at once in PostgreSQL stay below 500 MB with 10 million usage records."""


SETTINGS = {
    "work_mem": WORK_MEM,
    "jit": "off",
    "statement_timeout": "0",
    "cursor_tuple_fraction": "1",  # all rows are wanted, not the first ones soon
}


class Snapshot:
    """The books as they are at one moment, whatever jobs do meanwhile. Only reads; as the operator."""

    def __init__(self, connection: psycopg.Connection[dict[str, Any]], at: datetime) -> None:
        self.connection = connection
        self.at = at

    def run(self, check: Check, scope: Scope, *, most: int) -> Differences:
        """Counts the differing rows and keeps the first `most`; holds no more of them in memory."""
        began = time.monotonic()
        found = Differences(check.name, check.about)
        for row in self.rows(check.sql, scope.values()):
            found.count += 1
            if len(found.rows) < most:
                found.rows.append(row)
        found.seconds = time.monotonic() - began
        return found

    def rows(self, sql: str, values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The rows of a query, a thousand at a time."""
        with self.connection.cursor(name="reconcile") as cursor:
            cursor.itersize = 1000
            cursor.execute(sql.encode(), values)
            yield from cursor


@contextmanager
def snapshot(alias: str = "operator") -> Iterator[Snapshot]:
    """REPEATABLE READ: all queries see what was committed before the first one."""
    connection = psycopg.connect(conninfo(alias), row_factory=dict_row)
    with connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        for setting, value in SETTINGS.items():
            connection.execute("SELECT set_config(%s, %s, true)", [setting, value])
        row = connection.execute("SELECT now() AS at").fetchone()
        assert row is not None
        yield Snapshot(connection, row["at"])


def books_checks() -> list[Check]:
    """What billing can compare by itself."""
    return checks_in(FOLDER)
