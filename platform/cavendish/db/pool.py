"""Asynchronous connections for processes that live on an event loop (workers, the waiting layer)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

Pool = AsyncConnectionPool[AsyncConnection[DictRow]]


def conninfo(alias: str) -> str:
    """Returns libpq's connection string for one of Django's database aliases."""
    database: dict[str, Any] = settings.DATABASES[alias]
    return make_conninfo(
        host=database["HOST"],
        port=database["PORT"],
        user=database["USER"],
        password=database["PASSWORD"],
        dbname=database["NAME"],
        connect_timeout=5,
    )


def open_pool(alias: str, *, max_size: int) -> Pool:
    """Returns an unopened pool of autocommit connections that return rows as dicts; the caller awaits `.open()`."""
    return AsyncConnectionPool(
        conninfo(alias),
        connection_class=AsyncConnection[DictRow],
        kwargs={"row_factory": dict_row, "autocommit": True},
        min_size=1,
        max_size=max_size,
        timeout=5,
        open=False,
        name=alias,
    )
