"""Asynchronous connections for processes that live on an event loop (workers, the waiting layer)."""

from __future__ import annotations

from typing import Any
from weakref import WeakSet

from django.conf import settings
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from cavendish.db.address import libpq_conninfo

PREPARE_AFTER = 5
"""Uses after which psycopg prepares a statement, where it may: its own default."""

Pool = AsyncConnectionPool[AsyncConnection[DictRow]]

_pools: WeakSet[Pool] = WeakSet()


def conninfo(alias: str) -> str:
    """Returns libpq's connection string for one of Django's database aliases."""
    return libpq_conninfo(settings.DATABASES[alias])


def connect_options(alias: str) -> dict[str, Any]:
    """Returns psycopg's own options of a connection: behind a pooler in transaction mode nothing is prepared."""
    may_prepare = settings.DATABASES[alias]["OPTIONS"]["prepare_threshold"] is not None
    return {"prepare_threshold": PREPARE_AFTER if may_prepare else None}


def open_pool(alias: str, *, max_size: int) -> Pool:
    """Returns an unopened pool of autocommit connections that return rows as dicts; the caller awaits `.open()`."""
    pool = AsyncConnectionPool(
        conninfo(alias),
        connection_class=AsyncConnection[DictRow],
        kwargs={"row_factory": dict_row, "autocommit": True, **connect_options(alias)},
        min_size=1,
        max_size=max_size,
        timeout=5,
        open=False,
        name=alias,
    )
    _pools.add(pool)
    return pool


def open_pools() -> list[Pool]:
    """Returns the pools of this process that somebody still has, for whoever counts their connections."""
    return list(_pools)
