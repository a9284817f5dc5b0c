"""A sweep: one row that cannot be done keeps no other from its turn, and a database that is away ends it."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connections, transaction

from cavendish.db.each import each_done


def test_a_row_that_fails_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    def divide(number: int) -> int:
        with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            cursor.execute("SELECT 6 / %s", [number])
            return int(cursor.fetchone()[0])

    assert each_done([1, 0, 2], divide, name="divide") == 9
    assert "divide cannot be done for 0: DataError" in caplog.text


def test_whatever_it_fails_by_and_it_is_named_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    def act(word: str) -> int:
        raise KeyError("a secret")

    assert each_done(["ten_1"], act, name="act", told=lambda word: f"<{word}>") == 0
    assert "act cannot be done for <ten_1>: KeyError" in caplog.text
    assert "secret" not in caplog.text


def test_a_database_that_is_away_ends_it() -> None:
    def away(number: int) -> int:
        raise OperationalError

    with pytest.raises(OperationalError):
        each_done([1], away, name="away")
