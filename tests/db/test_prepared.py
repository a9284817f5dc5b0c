from __future__ import annotations

import pytest
from django.db import DataError, connection
from django.test.utils import CaptureQueriesContext

from cavendish.db.call import call
from cavendish.db.prepared import prepared

pytestmark = pytest.mark.django_db


def kept(words: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", [f"%{words}%"])
        return int(cursor.fetchone()[0])


def test_only_what_asks_for_it_is_prepared() -> None:
    for _ in range(20):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 'not asked', %s::int", [1])
    assert kept("not asked") == 0
    for number in range(3):
        with connection.cursor() as cursor, prepared(connection):
            cursor.execute("SELECT 'asked', %s::int", [number])
            assert cursor.fetchone() == ("asked", number)
    assert kept("'asked'") == 1


def test_functions_are_prepared() -> None:
    call("id_new")
    assert kept("FROM id_new(") == 1


def test_behind_a_pooler_nothing_is_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.ensure_connection()
    monkeypatch.setattr(connection.connection, "prepare_threshold", None)
    with connection.cursor() as cursor, prepared(connection):
        cursor.execute("SELECT 'pooled', %s::int", [1])
    assert kept("pooled") == 0


def test_it_is_counted_and_its_errors_are_djangos() -> None:
    with CaptureQueriesContext(connection) as found, connection.cursor() as cursor, prepared(connection):
        cursor.execute("SELECT 'counted'")
    assert len(found) == 1
    with pytest.raises(DataError), connection.cursor() as cursor, prepared(connection):
        cursor.execute("SELECT 1 / %s::int", [0])
