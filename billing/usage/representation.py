"""Reports of usage as the API shows them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from billing.money import amount_text
from billing.usage.cursors import cursor_text
from billing.usage.dashboard import UPSTREAM_CURRENCY
from billing.usage.query import DIMENSIONS, METADATA, UsageQuery
from billing.usage.selectors import Sums, UsagePage, UsageRow
from cavendish.db import ids

ID_PREFIXES = {"tenant": ids.TENANT, "key": ids.API_KEY, "member": ids.USER}


def usage_json(query: UsageQuery, page: UsagePage, *, timezone: str, is_operator: bool) -> dict[str, Any]:
    """Returns a page of a report; for operators with costs, and with totals for each currency."""
    totals = [sums_json(sums, is_operator=is_operator) for sums in page.totals]
    empty = sums_json(Sums(""), is_operator=False) | {"currency": None}
    return {
        "object": "usage",
        "from": moment_text(query.start),
        "to": moment_text(query.end),
        "timezone": timezone,
        "livemode": query.livemode,
        "group_by": [f"{METADATA}.{query.tag}" if name == METADATA else name for name in query.group_by],
        "data": [row_json(query, row, is_operator=is_operator) for row in page.rows],
        "totals": totals if is_operator else (totals or [empty])[0],
        "has_more": page.next is not None,
        "next_cursor": cursor_text(page.next) if page.next else None,
    }


def moment_text(moment: date | datetime) -> str:
    """Returns a billing date, or an instant in UTC, as parameters take it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if isinstance(moment, datetime) else moment.isoformat()


def row_json(query: UsageQuery, row: UsageRow, *, is_operator: bool) -> dict[str, Any]:
    """Returns a row with every field: null where rows are not grouped by it."""
    shown: dict[str, Any] = {
        dimension.column: None
        for name, dimension in DIMENSIONS.items()
        if name != METADATA and (is_operator or name != "tenant")
    }
    shown[METADATA] = {}
    for name, value in row.group.items():
        match value:
            case UUID():
                text: str | None = ids.encode(ID_PREFIXES[name], value)
            case date() if name == "month":
                text = f"{value:%Y-%m}"
            case date():
                text = moment_text(value)
            case _:
                text = value
        if name == METADATA:
            shown[METADATA] = {query.tag: text}
        else:
            shown[DIMENSIONS[name].column] = text
    return {**shown, **sums_json(row.sums, is_operator=is_operator)}


def sums_json(sums: Sums, *, is_operator: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "tokens": sums.tokens,
        "search_queries": sums.search_queries,
        "images": sums.images,
        "requests": sums.requests,
        "amount": amount_text(sums.amount),
        "currency": sums.currency,
    }
    if is_operator:
        same = sums.currency == UPSTREAM_CURRENCY
        shown |= {
            "cost": amount_text(sums.cost),
            "cost_currency": UPSTREAM_CURRENCY,
            "absorbed": amount_text(sums.absorbed),
            "margin": amount_text(sums.amount - sums.cost) if same else None,
        }
    return shown
