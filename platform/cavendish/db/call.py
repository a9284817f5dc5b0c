"""Calls of SQL functions by name: `call("number_assign", entity, "invoices", day)`.

One function for each shape of a result, and a twin of each (`acall…`) for the pools of workers and of the waiting
layer. A name without a file in `<app>/sql/functions/` raises LookupError. A dict is sent as jsonb (a list as an array:
wrap one in `Jsonb` where the parameter is jsonb), and jsonb comes back parsed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connections
from psycopg.types.json import Jsonb

from cavendish.db.functions import function_names
from cavendish.db.pool import Pool
from cavendish.db.prepared import run
from cavendish.db.router import current_alias

__all__ = [
    "Jsonb", "acall", "acall_rows", "acall_values", "call", "call_row", "call_rows", "call_values", "statement"
]  # fmt: skip

JSONB = 3802
"""The type's oid, which is fixed in PostgreSQL's catalog."""


def call(function: str, *values: Any, using: str | None = None) -> Any:
    """Returns the function's value: the only column of its only row; of several columns the first."""
    return _fetch(function, values, using)[1][0][0]


def call_values(function: str, *values: Any, using: str | None = None) -> list[Any]:
    """Returns the values of a function that returns a set of them."""
    return [row[0] for row in _fetch(function, values, using)[1]]


def call_row(function: str, *values: Any, using: str | None = None) -> dict[str, Any] | None:
    """Returns the first row by its columns' names, None where there is none."""
    columns, rows = _fetch(function, values, using)
    return dict(zip(columns, rows[0], strict=True)) if rows else None


def call_rows(function: str, *values: Any, using: str | None = None) -> list[dict[str, Any]]:
    """Returns all rows by their columns' names."""
    columns, rows = _fetch(function, values, using)
    return [dict(zip(columns, row, strict=True)) for row in rows]


async def acall(pool: Pool, function: str, *values: Any) -> Any:
    """Returns the function's value, on a connection that is held for this one statement."""
    return (await acall_values(pool, function, *values))[0]


async def acall_values(pool: Pool, function: str, *values: Any) -> list[Any]:
    """Returns the values of a function that returns a set of them, on a connection that is held for this statement."""
    return [next(iter(row.values())) for row in await acall_rows(pool, function, *values)]


async def acall_rows(pool: Pool, function: str, *values: Any) -> list[dict[str, Any]]:
    """Returns all rows by their columns' names, on a connection that is held for this one statement."""
    async with pool.connection() as connection:
        cursor = await connection.execute(statement(function, len(values)).encode(), sent(values))
        return await cursor.fetchall()


@cache
def statement(function: str, count: int) -> str:
    """Returns the statement that calls a function with `count` values. Raises LookupError for a name without a file."""
    if function not in function_names():
        raise LookupError(f"There is no SQL function {function!r}: no app has a file sql/functions/{function}.sql.")
    return f"SELECT * FROM {function}({', '.join(['%s'] * count)})"  # noqa: S608 (a name of ours, held above)


def sent(values: Sequence[Any]) -> list[Any]:
    """Returns the values as the driver takes them."""
    return [Jsonb(value) if isinstance(value, dict) else value for value in values]


def _fetch(function: str, values: Sequence[Any], using: str | None) -> tuple[list[str], list[tuple[Any, ...]]]:
    found = run(connections[using or current_alias()], statement(function, len(values)), sent(values))
    rows = found.rows
    # Django leaves jsonb as text, for its fields to parse.
    parsed = [place for place, type in enumerate(found.types()) if type == JSONB]
    if parsed:
        rows = [tuple(_parse(value) if at in parsed else value for at, value in enumerate(row)) for row in rows]
    return found.names(), rows


def _parse(text: str | None) -> Any:
    return json.loads(text) if text is not None else None
