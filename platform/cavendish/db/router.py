"""Which database role a query runs as: `default` (app) unless a block says otherwise.

What people are and how they prove it is written by a role of its own, `people`: the app's role, which every API request
uses, cannot write a password, a second factor or a session.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import transaction

# Models that the app's role only reads, by label.
PEOPLE = frozenset({
    "accounts.user", "account.emailaddress", "account.emailconfirmation", "mfa.authenticator",
    "socialaccount.socialaccount", "socialaccount.socialtoken", "usersessions.usersession", "sessions.session",
})  # fmt: skip
_alias: ContextVar[str] = ContextVar("database_alias", default="default")
_people_changing: ContextVar[bool] = ContextVar("people_changing", default=False)


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


@contextmanager
def people_changing() -> Iterator[None]:
    """One transaction of the role `people`, whose reads of people see what it has written. Its block sets no tenant."""
    token = _people_changing.set(True)
    try:
        with transaction.atomic(using="people"):
            yield
    finally:
        _people_changing.reset(token)


class RoleRouter:
    """Django's database router over `acting_as`; all aliases are one database, so relations are allowed."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return self.db_for_write(model) if _people_changing.get() else _alias.get()

    def db_for_write(self, model: Any, **hints: Any) -> str:
        alias = _alias.get()
        return "people" if alias == "default" and model._meta.label_lower in PEOPLE else alias

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == "owner"
