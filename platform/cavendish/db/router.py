"""Which database role a query runs as: `default` (app) unless a block says otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_alias: ContextVar[str] = ContextVar("database_alias", default="default")


def current_alias() -> str:
    return _alias.get()


@contextmanager
def acting_as(alias: str) -> Iterator[None]:
    """Runs the block's queries as another role, for example `operator` for the admin. Easy to grep for, on purpose."""
    token = _alias.set(alias)
    try:
        yield
    finally:
        _alias.reset(token)


class RoleRouter:
    """Django's database router over `acting_as`; all aliases are one database, so relations are allowed."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return _alias.get()

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return _alias.get()

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == "owner"
