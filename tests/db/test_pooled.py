"""A pooled connection that PostgreSQL ended is never handed out, and one that it holds costs no question."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from cavendish.db.pool import conninfo
from cavendish.db.postgresql.base import DatabaseWrapper, alive


@pytest.fixture
def pooled(django_db_setup: None, django_db_blocker: object) -> Iterator[DatabaseWrapper]:
    """A wrapper with a pool of its own, on the database of the tests."""
    described = copy.deepcopy(settings.DATABASES["default"])
    described["NAME"] = connection.settings_dict["NAME"]
    described["OPTIONS"]["pool"] = {"min_size": 2, "max_size": 2, "timeout": 5}
    wrapper = DatabaseWrapper({**connection.settings_dict, **described}, alias="pooled")
    yield wrapper
    wrapper.close()
    wrapper.close_pool()


def backend(wrapper: DatabaseWrapper) -> int:
    """The process that serves the wrapper's next connection."""
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = int(cursor.fetchone()[0])
    wrapper.close()
    return pid


def end(pids: set[int]) -> None:
    """Ends them as a restart of PostgreSQL does, and waits until they are gone."""
    with psycopg.connect(conninfo("default"), dbname=connection.settings_dict["NAME"]) as other:
        for pid in pids:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


@pytest.mark.django_db
def test_ended_connections_are_replaced(pooled: DatabaseWrapper) -> None:
    before = {backend(pooled) for _ in range(6)}
    end(before)
    after = {backend(pooled) for _ in range(6)}
    assert after
    assert not after & before


@pytest.mark.django_db
def test_a_connection_that_lives_is_not_asked(pooled: DatabaseWrapper) -> None:
    with pooled.cursor() as cursor:
        cursor.execute("SELECT 'last words'")
        pid = pooled.connection.info.backend_pid
        assert alive(pooled.connection)
    with psycopg.connect(conninfo("default"), dbname=connection.settings_dict["NAME"]) as other:
        row = other.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone()
    assert row is not None
    assert row[0] == "SELECT 'last words'"


@pytest.mark.django_db
def test_what_means_nothing_is_no_end(pooled: DatabaseWrapper) -> None:
    pooled.ensure_connection()
    pid = pooled.connection.info.backend_pid
    pooled.connection.execute("LISTEN anything")
    with psycopg.connect(conninfo("default"), dbname=connection.settings_dict["NAME"]) as other:
        other.execute("NOTIFY anything")
    assert alive(pooled.connection)
    assert pooled.connection.info.backend_pid == pid
