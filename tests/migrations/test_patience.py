"""Migrations and those who use the tables meanwhile: nobody waits long, nothing is ended for a migration's sake."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cavendish.up.postgres import THROWAWAY
from cavendish.up.services import Services, open_data_dir
from cavendish.up.supervisor import Supervisor
from tests.services import ROOT, clean_environment
from tests.template import template_copy


class Books:
    """A migrated database of its own."""

    def __init__(self, data_dir: Path, url: str) -> None:
        self.data_dir, self.url = data_dir, url

    def migrate(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**clean_environment(), "CAVENDISH_DATA_DIR": str(self.data_dir)}
        command = [sys.executable, str(ROOT / "manage.py"), "migrate", "--database", "owner", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=200)


@pytest.fixture(scope="module")
def books() -> Iterator[Books]:
    folders = open_data_dir(tempfile.mkdtemp(prefix="cavendish-patience-"))
    supervisor = Supervisor(folders.data_dir / "children.json", report=lambda text: None)
    try:
        is_migrated = template_copy(folders.data_dir)
        services = Services(folders, supervisor, {}, postgres_overrides=THROWAWAY)
        services.start()
        services.record(SANDBOX_URL="http://127.0.0.1:9", BASE_URL="http://127.0.0.1:8000")
        made = Books(folders.data_dir, services.urls["DATABASE_OWNER_URL"])
        if not is_migrated:
            assert made.migrate().returncode == 0
        yield made
    finally:
        supervisor.stop()
        shutil.rmtree(folders.data_dir, ignore_errors=True)


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
def test_keys_are_dropped_while_jobs_lock_both_tables_in_each_order(books: Books) -> None:
    assert books.migrate("billing", "0039").returncode == 0
    with Crowd(books.url, "accounts_tenant", "billing_charge") as crowd:
        done = books.migrate("billing")
    assert done.returncode == 0, done.stderr
    assert crowd.wrong == []
    assert crowd.times > 10
    assert crowd.slowest < 1.0, "a job waited long enough for PostgreSQL to look for a deadlock"


@pytest.mark.slow
def test_a_table_in_use_is_tried_again(books: Books) -> None:
    """A whole transaction of a migration, begun anew until a long one of a job has ended."""
    assert books.migrate("accounts", "0023").returncode == 0
    began = time.monotonic()
    with psycopg.connect(books.url) as connection:
        connection.execute("LOCK TABLE accounts_tenant IN ROW EXCLUSIVE MODE")
        threading.Timer(6, connection.rollback).start()
        done = books.migrate()
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began > 6
    assert "a table is in use, trying again" in done.stdout
