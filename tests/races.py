"""For tests of races: the product's own SQL function without its guard (a twin), and who waits for whom."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connections

from cavendish.db.functions import function_files
from tests.generations.helpers import one


@contextmanager
def function_without(name: str, *changes: tuple[str, str]) -> Iterator[None]:
    """While the block runs, the database has the function's text with each first replaced by its second.

    Each first must stand in the file exactly once, so a twin fails when the function it was made of has changed.
    """
    (path,) = (file for file in function_files() if file.stem == name)
    text = altered = path.read_text()
    for was, becomes in changes:
        assert text.count(was) == 1, f"{name}.sql has this {text.count(was)} times: {was}"
        altered = altered.replace(was, becomes)
    _load(altered)
    try:
        yield
    finally:
        _load(text)


def _load(text: str) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(text)


def until(happened: Callable[[], bool], *, seconds: float = 30) -> None:
    """Returns once it has happened, which must be within the seconds that a busy machine may take."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "It did not happen."
        time.sleep(0.01)


def waited_for(connection: psycopg.Connection[Any]) -> bool:
    """Whether somebody waits for a lock of this connection."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))"
    return bool(one("owner", query, connection.info.backend_pid))
