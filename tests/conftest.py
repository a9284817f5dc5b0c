"""Fixtures for all tests.

Tests never use Django's test databases, transactions that are rolled back, or a flush: the database is the run's own,
and each test makes a fresh tenant. So what is tested commits as it does in production, and concurrency is real.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import ScryptPasswordHasher
from httpx import create_ssl_context
from httpx._transports import default as transports
from pytest_django.plugin import DjangoDbBlocker

from tests.openapi import watch_django_client
from tests.services import Running, harness

TESTS = Path(__file__).parent
# Tests of packages without Django: they run without waiting for migrations.
PLAIN = {"gemini", "sandbox", "up", "test_layout.py"}


# What `-m "not slow"` leaves out besides these, and besides what asks for a whole platform: nine tenths of the time for
# a third of the tests (folders, and files without their ending). Whoever works at one of them names it.
SLOW = {
    "accounts/test_cost", "accounts/test_everywhere", "accounts/test_key_leaks",
    "batches/test_aside", "batches/test_killed",
    "billing/invoices/test_documents", "billing/test_budgets_property", "billing/test_budgets_race",
    "billing/test_ledger_property", "billing/test_quotes", "billing/test_reconcile",
    "compat/test_javascript", "compat/test_samples_javascript", "compat/test_samples_python",
    "compat/test_samples_rest",
    "browser", "crash", "door", "fuzz", "text", "up", "wait", "webhooks",
    "limits/test_counting",
    "people/test_passkeys",
    "request/test_headers",
    "sandbox/test_restart",
    "tenant_data/test_erasure",
    "walls/test_ids",
}  # fmt: skip
PLATFORM = {"platform", "own_platform"}


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from tests.lanes import Lanes

    return Lanes(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # What is tested commits, waits and is killed as in production: on a busy machine, time may decide once in
    # a while. A test that fails gets a second try, which pytest counts and names as "rerun"; what fails twice fails.
    again = pytest.mark.flaky(reruns=1)
    for item in items:
        item.add_marker(again)
        place = item.path.relative_to(TESTS).with_suffix("") if item.path.is_relative_to(TESTS) else Path()
        places = {place.as_posix(), *(folder.as_posix() for folder in place.parents)}
        if SLOW & places or PLATFORM & {*getattr(item, "fixturenames", ())}:
            item.add_marker(pytest.mark.slow)


def pytest_configure() -> None:
    """Two costs that nothing here tests: the root certificates, read anew for each HTTP client, and slow passwords."""
    transports.create_ssl_context = lru_cache(create_ssl_context)  # type: ignore[attr-defined]
    ScryptPasswordHasher.work_factor = 2**6


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The migrated database of the run; replaces pytest-django's, which would make a test database per alias."""
    from django.core.management import call_command
    from django.db import connections
    from django.db.backends.postgresql.base import DatabaseWrapper

    from accounts.authentication.principal import key_changes

    if not harness().is_migrated:
        with django_db_blocker.unblock():
            call_command("migrate", database="owner", interactive=False, verbosity=0)
    yield
    key_changes.stop()
    with django_db_blocker.unblock():
        connections.close_all()
        for connection in connections.all(initialized_only=True):
            if isinstance(connection, DatabaseWrapper):
                connection.close_pool()


@pytest.fixture(scope="session", autouse=True)
def _database(request: pytest.FixtureRequest) -> Iterator[None]:
    """The database is open to all tests of the run, without a marker."""
    tops = {item.path.relative_to(TESTS).parts[0] for item in request.session.items if item.path.is_relative_to(TESTS)}
    if tops <= PLAIN:
        yield
        return
    request.getfixturevalue("django_db_setup")
    watch_django_client()
    blocker: DjangoDbBlocker = request.getfixturevalue("django_db_blocker")
    with blocker.unblock():
        yield


@pytest.fixture(scope="session")
def sandbox_url() -> str:
    """A running sandbox; settings.SANDBOX_URL names the same one."""
    return harness().start_sandbox()


@pytest.fixture(scope="session")
def platform() -> Iterator[Running]:
    """A whole `manage.py up`, shared by the tests of the run that ask for it and leave it alive."""
    running = Running({"WORKERS": "1"})
    yield running
    running.remove()


@pytest.fixture
def own_platform() -> Iterator[Running]:
    """A whole `manage.py up` for one test, which may kill any part of it."""
    running = Running()
    yield running
    running.remove()
