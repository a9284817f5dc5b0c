"""Twins: the product's own SQL function without its guard, to show that the race which the guard prevents is real."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections

from cavendish.db.functions import function_files


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
