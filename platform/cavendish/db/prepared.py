"""Statements that are parsed and planned once per connection, not each time: those that every job runs.

Only what asks for it is prepared. Most statements of ours have many forms, and each that is kept takes memory in each
connection. Behind a pooler in transaction mode nothing is prepared (`DATABASE_POOLER`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper


def prepared(connection: BaseDatabaseWrapper) -> AbstractContextManager[None]:
    """Statements in its block are prepared, where the connection may keep them."""
    return connection.execute_wrapper(_execute)


def _execute(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    cursor = context["cursor"]
    if many:
        return execute(sql, params, many, context)
    cursor.db.validate_no_broken_transaction()
    with cursor.db.wrap_database_errors:
        return cursor.cursor.execute(sql, params, prepare=True)
