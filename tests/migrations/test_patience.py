"""Migrations and those who use the tables meanwhile: nobody waits long, nothing is ended for a migration's sake."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import psycopg
import pytest

from tests.services import Alone, services_alone


@pytest.fixture(scope="module")
def books() -> Iterator[Alone]:
    with services_alone() as alone:
        yield alone


def migrate(books: Alone, *arguments: str) -> subprocess.CompletedProcess[str]:
    return books.manage("migrate", "--database", "owner", *arguments)


class Crowd:
    """Two that lock the same tables, one in each order, and hold them for a moment, again and again."""

    def __init__(self, url: str, first: str, second: str) -> None:
        self.slowest = 0.0
        self.wrong: list[str] = []
        self.times = 0
        self._over = threading.Event()
        orders = ((first, second), (second, first))
        self._threads = [threading.Thread(target=self._work, args=(url, order)) for order in orders]

    def _work(self, url: str, order: tuple[str, str]) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not self._over.is_set():
                began = time.monotonic()
                try:
                    with connection.transaction():
                        for table in order:
                            connection.execute(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE".encode())
                            time.sleep(0.02)
                except psycopg.Error as error:
                    self.wrong.append(repr(error))
                self.slowest = max(self.slowest, time.monotonic() - began)
                self.times += 1

    def __enter__(self) -> Crowd:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *of_error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


@pytest.mark.slow
def test_keys_are_dropped_while_jobs_lock_both_tables_in_each_order(books: Alone) -> None:
    assert migrate(books, "billing", "0039").returncode == 0
    with Crowd(books.owner_url, "accounts_tenant", "billing_charge") as crowd:
        done = migrate(books, "billing")
    assert done.returncode == 0, done.stderr
    assert crowd.wrong == []
    assert crowd.times > 10
    assert crowd.slowest < 1.0, "a job waited long enough for PostgreSQL to look for a deadlock"


@pytest.mark.slow
def test_a_table_in_use_is_tried_again(books: Alone) -> None:
    """A whole transaction of a migration, begun anew until a long one of a job has ended."""
    assert migrate(books, "accounts", "0023").returncode == 0
    began = time.monotonic()
    with psycopg.connect(books.owner_url) as connection:
        connection.execute("LOCK TABLE accounts_tenant IN ROW EXCLUSIVE MODE")
        threading.Timer(6, connection.rollback).start()
        done = migrate(books)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began > 6
    assert "a table is in use, trying again" in done.stdout


BEFORE = "tenant_id, billing_date, hour, livemode, model, api_key_id, member_id, image_size, kind"
"""The key of the roll-ups before they were split by price."""


class Editor:
    """What a migration's function needs of Django's, on a connection of the test's."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def execute(self, statement: str, params: None = None) -> None:
        self._connection.execute(statement.encode(), params)


def test_a_settlement_that_is_under_way_ends_before_the_key_that_it_names_is_exchanged(books: Alone) -> None:
    """It has its generation's lock and waits for nothing else, when the exchange begins."""
    migration = import_module("billing.migrations.0023_rollups_priced")
    table = "ALTER TABLE billing_usagerollup"
    with psycopg.connect(books.owner_url, autocommit=True) as owner:
        owner.execute(f"{table} DROP CONSTRAINT billing_usagerollup_pkey".encode())
        owner.execute(f"{table} ADD CONSTRAINT billing_usagerollup_pkey PRIMARY KEY ({BEFORE})".encode())
        key = ", ".join(migration.ROLLUP_KEY)
        owner.execute(f"CREATE UNIQUE INDEX billing_usagerollup_by_price ON billing_usagerollup ({key})".encode())

    def exchange() -> None:
        with psycopg.connect(books.owner_url) as connection:
            migration.rollup_key_exchange(None, Editor(connection))

    exchanging = threading.Thread(target=exchange)
    with psycopg.connect(books.owner_url) as job:
        job.execute("SELECT 1 FROM generations_generation FOR UPDATE")
        exchanging.start()
        exchanging.join(1)
        assert exchanging.is_alive()
        job.execute(
            f"""INSERT INTO billing_usagerollup SELECT * FROM billing_usagerollup
                ON CONFLICT ({BEFORE}) DO UPDATE SET records = 0""".encode()
        )
    exchanging.join(30)
    with psycopg.connect(books.owner_url) as owner:
        named = owner.execute(
            """SELECT array_agg(a.attname ORDER BY k.place) FROM pg_constraint c, unnest(c.conkey) WITH ORDINALITY k (n, place)
               JOIN pg_attribute a ON a.attrelid = 'billing_usagerollup'::regclass AND a.attnum = k.n
               WHERE c.conname = 'billing_usagerollup_pkey'"""
        ).fetchone()
    assert named == (list(migration.ROLLUP_KEY),)
