from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connections

from billing.models import UsageTag
from billing.money import ZERO
from billing.usage.query import DIMENSIONS, Cursor, UsageQuery
from cavendish.db.router import current_alias

MEASURES = 7


@dataclass(frozen=True)
class Sums:
    """Sums in one currency. `cost` is what the upstream charges the operator, in the upstream's currency,
    `absorbed` what of the output the tenant does not pay for.
    """

    currency: str
    tokens: int = 0
    search_queries: int = 0
    images: int = 0
    requests: int = 0
    amount: Decimal = ZERO
    cost: Decimal = ZERO
    absorbed: Decimal = ZERO


@dataclass(frozen=True)
class UsageRow:
    """`group` has a value for each dimension of the query; None where a row has no member, or not the metadata."""

    group: Mapping[str, date | datetime | UUID | str | None]
    sums: Sums


@dataclass(frozen=True)
class UsagePage:
    """Rows in the order of their groups, totals of all pages (one for each currency), where the next page begins."""

    rows: list[UsageRow]
    totals: list[Sums]
    next: Cursor | None


def usage_read(query: UsageQuery, *, after: Cursor | None = None, limit: int = 1000) -> UsagePage:
    """Returns a page of a report without groups that sum to nothing; in the tenant's context, or as the operator."""
    sql, values = query.statement(after=after, limit=limit, totals=True)
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(sql, values)
        records = cursor.fetchall()
    totals = [Sums(row[1], *row[-MEASURES:]) for row in records if row[0]]
    rows = [
        UsageRow(dict(zip(query.group_by, row[2:-MEASURES], strict=True)), Sums(row[1], *row[-MEASURES:]))
        for row in records
        if not row[0]
    ]
    if not query.group_by:
        rows = [UsageRow({}, sums) for sums in totals]
    page = rows[:limit]
    return UsagePage(page, totals, _key(query, page[-1]) if len(rows) > limit else None)


def _key(query: UsageQuery, row: UsageRow) -> Cursor:
    parts: list[str] = []
    for name in query.group_by:
        value: Any = row.group[name]
        parts += [str(value is None).lower(), _LEAST[DIMENSIONS[name].type] if value is None else str(value)]
    return (*parts, row.sums.currency)


_LEAST = {"uuid": str(UUID(int=0)), "date": "-infinity", "timestamptz": "-infinity", "text": ""}


def usage_tags(tenant_id: UUID) -> list[str]:
    """Returns the metadata keys by which the tenant's usage is summed; in its context."""
    return sorted(UsageTag.objects.filter(tenant_id=tenant_id).values_list("key", flat=True))
