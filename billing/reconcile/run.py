from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from billing.reconcile.checks import Check, Differences, Scope, Since, checks_in
from cavendish.db.ids import first_at
from cavendish.db.pool import connect_options, conninfo

FOLDER = Path(__file__).parent / "sql"
WORK_MEM = "48MB"
"""For each sort or hash of a query: a few at once in PostgreSQL stay below 500 MB with 10 million usage records."""


DAY = timedelta(days=1)
LONGEST_JOB = timedelta(days=31)
"""From a job's acceptance to its end, at most."""
UNREADABLE = "a row that cannot be read"

SETTINGS = {
    "work_mem": WORK_MEM,
    "jit": "off",
    "statement_timeout": "0",
    "cursor_tuple_fraction": "1",  # all rows are read, so the first ones need not come soon
}


class Snapshot:
    """The database as it is at one moment, whatever jobs do meanwhile. Only reads; as the operator."""

    def __init__(self, connection: psycopg.Connection[dict[str, Any]], at: datetime) -> None:
        self.connection = connection
        self.at = at
        self._months: list[date] | None = None

    def run(self, check: Check, scope: Scope, *, most: int) -> Differences:
        """Returns the number of differing rows and the first `most`; holds no more of them in memory.

        Where a row holds what the check cannot read, it runs for each tenant by itself, and names those whose rows
        keep it from running: they stop it for no other.
        """
        began = time.monotonic()
        try:
            differences = self._run(check, scope, most)
        except psycopg.DataError:
            if scope.tenant_id is not None:
                raise
            differences = self._run_for_each(check, scope, most)
        differences.seconds = time.monotonic() - began
        return differences

    def _run(self, check: Check, scope: Scope, most: int) -> Differences:
        differences = Differences(check.name, check.about)
        with self.connection.transaction():
            for values in scope.parts(self.months()) if check.monthly else [scope.values()]:
                for row in self.rows(check.sql, values):
                    differences.count += 1
                    if len(differences.rows) < most:
                        differences.rows.append(row)
        return differences

    def _run_for_each(self, check: Check, scope: Scope, most: int) -> Differences:
        whole = Differences(check.name, check.about)
        for row in list(self.rows("SELECT id FROM accounts_tenant ORDER BY id", {})):
            try:
                found = self._run(check, replace(scope, tenant_id=row["id"]), most)
            except psycopg.DataError as error:
                # its text may repeat values of the row
                whole.error = type(error).__name__
                found = Differences(check.name, check.about, 1, [{"tenant_id": row["id"], "subject": UNREADABLE}])
            whole.count += found.count
            whole.rows += found.rows[: most - len(whole.rows)]
        return whole

    def since(self, at: datetime) -> Since:
        """Returns what was written since a moment, by charges and holds: their ids say when a job was accepted."""
        sql = """
            SELECT min(day) AS day, min(job)::uuid AS job FROM (
                SELECT min(billing_date) AS day, min(generation_id::text) AS job FROM billing_charge
                WHERE created_at >= %(at)s AND generation_id >= %(oldest)s
                UNION ALL
                SELECT NULL, min(generation_id::text) FROM billing_hold WHERE status = 'held') x"""
        [row] = self.rows(sql, {"at": at, "oldest": first_at(at - LONGEST_JOB)})
        day: date = min(row["day"] or at.date(), at.date() - DAY)
        # A date begins up to 14 hours before it does in UTC.
        books = first_at(datetime(day.year, day.month, day.day, tzinfo=UTC) - DAY)
        return Since(at, day, min(row["job"] or books, first_at(at - DAY), books), books)

    def months(self) -> list[date]:
        """Returns the months that have roll-ups, jumping from one to the next along their index."""
        if self._months is None:
            sql = """
                WITH RECURSIVE months AS (
                    SELECT date_trunc('month', min(billing_date))::date AS month FROM billing_usagerollup
                    UNION ALL
                    SELECT (SELECT date_trunc('month', min(u.billing_date))::date FROM billing_usagerollup u
                            WHERE u.billing_date >= (m.month + interval '1 month')::date)
                    FROM months m WHERE m.month IS NOT NULL)
                SELECT month FROM months WHERE month IS NOT NULL"""
            self._months = [row["month"] for row in self.rows(sql, {})]
        return self._months

    def rows(self, sql: str, values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yields the rows of a query, a thousand at a time."""
        with self.connection.cursor(name="reconcile") as cursor:
            cursor.itersize = 1000
            cursor.execute(sql.encode(), values)
            yield from cursor


@contextmanager
def snapshot(alias: str = "operator") -> Iterator[Snapshot]:
    """Opens a REPEATABLE READ transaction: all queries see what was committed before the first one."""
    connection = psycopg.connect(conninfo(alias), row_factory=dict_row, **connect_options(alias))
    with connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        for setting, value in SETTINGS.items():
            connection.execute("SELECT set_config(%s, %s, true)", [setting, value])
        row = connection.execute("SELECT now() AS at").fetchone()
        assert row is not None
        yield Snapshot(connection, row["at"])


def books_checks() -> list[Check]:
    """Returns the checks of what billing can compare by itself."""
    return checks_in(FOLDER)
