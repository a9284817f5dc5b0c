"""Query parameters of lists, with every wrong one named at once; and the tenant that an operator's path names."""

from __future__ import annotations

import difflib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from rest_framework.request import Request

from accounts.models import Tenant
from cavendish.db import ids
from cavendish.http.problems import FieldError, invalid, not_found, shown
from cavendish.http.times import MomentInvalid, moment_parse

PAGE = ("limit", "cursor")
CREATED = ("created_after", "created_before")
MAX_TEXT = 100
SLACK = timedelta(hours=1)
"""How far the clock of who makes an id may be from PostgreSQL's, which says when a row was made."""


class Parameters:
    """The query parameters of a list that takes `takes` beside the parameters of paging, and all with a prefix.

    Those that `repeats` names are taken too, as often as they come.
    Each method returns one parameter's value, None where it is absent or wrong; `close` raises what was wrong.
    """

    def __init__(
        self,
        request: Request,
        *,
        takes: tuple[str, ...] = (),
        prefixes: tuple[str, ...] = (),
        repeats: tuple[str, ...] = (),
    ) -> None:
        self.values = request.query_params
        self.errors: list[FieldError] = []
        known = (*takes, *repeats, *PAGE)
        for name in self.values:
            if name not in known and not name.startswith(prefixes):
                near = difflib.get_close_matches(name[:60].lower(), known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"use {', '.join(known)}."
                self.wrong(name, "unknown_field", f"{shown(name)} is not a parameter here; {hint}")
            elif len(self.values.getlist(name)) > 1 and name not in repeats:
                self.wrong(name, "repeated", "Give this parameter only once.")

    def wrong(self, name: str, code: str, detail: str) -> None:
        self.errors.append(FieldError(f"/{name[:60]}", code, detail))

    def text(self, name: str, *, most: int = MAX_TEXT) -> str | None:
        value = self.values.get(name)
        if value is None:
            return None
        if len(value) > most or not value.isprintable():
            self.wrong(name, "unknown_value", f"Use up to {most} printable characters.")
            return None
        return value

    def choice(self, name: str, options: tuple[str, ...]) -> str | None:
        value = self.text(name)
        if value is not None and value not in options:
            self.wrong(name, "unknown_value", f"{shown(value)} is not accepted; use one of: {', '.join(options)}.")
            return None
        return value

    def flag(self, name: str) -> bool | None:
        value = self.choice(name, ("true", "false"))
        return None if value is None else value == "true"

    def moment(self, name: str) -> datetime | None:
        """Returns an RFC 3339 time in UTC. A plus that was not percent-encoded arrives as a space and counts as one."""
        value = self.text(name)
        if value is None:
            return None
        try:
            return moment_parse(value.replace(" ", "+"))
        except MomentInvalid as error:
            self.wrong(name, error.code, str(error))
            return None

    def created(self, column: str = "created_at", *, by_id: bool = True) -> dict[str, Any]:
        """Returns the conditions of `created_after` and `created_before`, for rows whose ids begin with the time.

        Without `by_id` the ids are others.
        """
        conditions: dict[str, Any] = {}
        # With a bound of the ids the index of the list leads there.
        if (after := self.moment("created_after")) is not None:
            conditions |= {f"{column}__gt": after} | ({"id__gte": ids.first_at(after - SLACK)} if by_id else {})
        if (before := self.moment("created_before")) is not None:
            conditions |= {f"{column}__lt": before} | ({"id__lt": ids.first_at(before + SLACK)} if by_id else {})
        return conditions

    def id(self, name: str, prefix: str) -> UUID | None:
        value = self.text(name)
        if value is None:
            return None
        decoded = ids.decode(prefix, value)
        if decoded is None:
            self.wrong(name, "unknown_value", f"{shown(value)} is no id like {prefix}_….")
        return decoded

    def close(self) -> None:
        """Raises Problem 422 with everything that was wrong."""
        if self.errors:
            raise invalid(self.errors)


def tenant_of(public: str) -> UUID:
    """Returns the id of the tenant that a path names, as the operator. Raises Problem 404."""
    tenant_id = ids.decode(ids.TENANT, public)
    if tenant_id is None or not Tenant.objects.filter(id=tenant_id).exists():
        raise not_found()
    return tenant_id


def tenant_named(public: str) -> Tenant:
    """Returns the row of the tenant that a path names, as the operator. Raises Problem 404."""
    tenant_id = ids.decode(ids.TENANT, public)
    tenant = Tenant.objects.filter(id=tenant_id).first() if tenant_id else None
    if tenant is None:
        raise not_found()
    return tenant
