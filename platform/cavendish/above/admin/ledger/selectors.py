"""Whose statement is asked for, of which days, and which page of it: what stands in the address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Tenant
from billing.ledger.selectors import StatementCursor
from cavendish.above.admin.links import tenant_named
from cavendish.above.ui.lists import FilterInvalid


@dataclass(frozen=True)
class StatementAsked:
    """`errors` are by field; the tenant is None where none is named yet, or none of that name is there."""

    tenant: Tenant | None
    livemode: bool
    first: date | None
    last: date | None
    cursor: StatementCursor | None
    errors: dict[str, str]

    @property
    def start(self) -> datetime | None:
        return _midnight(self.first) if self.first else None

    @property
    def end(self) -> datetime | None:
        return _midnight(self.last + timedelta(days=1)) if self.last else None


def statement_asked(query: QueryDict) -> StatementAsked:
    errors: dict[str, str] = {}
    tenant, text = None, query.get("tenant", "").strip()
    if text:
        try:
            tenant = tenant_named(text[:100])
        except FilterInvalid as error:
            errors["tenant"] = str(error)
    return StatementAsked(
        tenant=tenant,
        livemode=query.get("mode") != "test",
        first=_day(query, "since", errors),
        last=_day(query, "until", errors),
        cursor=_cursor(query.get("after", "")),
        errors=errors,
    )


def cursor_text(cursor: StatementCursor) -> str:
    return f"{cursor.entry_id}_{cursor.balance:f}"


def _cursor(text: str) -> StatementCursor | None:
    entry, _separator, balance = text.partition("_")
    try:
        amount = Decimal(balance)
        return StatementCursor(int(entry), amount) if amount.is_finite() and len(text) < 60 else None
    except (ValueError, InvalidOperation):
        return None


def _day(query: QueryDict, name: str, errors: dict[str, str]) -> date | None:
    text = query.get(name, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        errors[name] = _("Write a day like 2026-11-28.")
        return None


def _midnight(on: date) -> datetime:
    return timezone.make_aware(datetime.combine(on, time.min))
