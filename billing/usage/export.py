"""Reports as CSV: PostgreSQL writes it, we pass the pieces on, so no report is too large for our memory."""

from __future__ import annotations

from typing import Any

from billing.usage.query import DIMENSIONS, METADATA, UsageQuery
from cavendish.http.csv_files import PLAIN, CsvStyle, Write, csv_copy

NUMBERS = frozenset({"amount", "cost", "unit_price"})


def export_usage(query: UsageQuery, write: Write, *, operator: bool = False, style: CsvStyle = PLAIN) -> None:
    """Writes all rows of a report (see `usage_read`) without totals, so that the sum of a column is right.

    Runs in the tenant's context, or as the operator, who also gets the cost.
    """
    sql, values = query.statement(after=None, limit=None, totals=False)
    columns = {
        column_of(name, query.tag): DIMENSIONS[name].text.format(f"report.d{n}")
        for n, name in enumerate(query.group_by)
    }
    names = ["tokens", "search_queries", "images", "requests", "amount", "currency", *["cost"] * operator]
    columns |= {name: f"report.{name}" for name in names}
    _write(columns, f"FROM ({sql}) report", values, write, style)


def export_records(query: UsageQuery, write: Write, *, operator: bool = False, style: CsvStyle = PLAIN) -> None:
    """Writes the usage records themselves, in the order of their billing dates and generations.

    `billed_quantity` × `unit_price` of the `unit` is `amount`: it counts pictures where they have a price each, while
    `quantity` counts their tokens.
    """
    columns = {
        "billing_date": "r.billing_date",
        "at": "to_char(r.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
        "generation_id": _id("gen", "generation_id"),
        "attempt": "r.attempt",
        "kind": "r.kind",
        "model": "r.model",
        "image_size": "r.image_size",
        "tier": "r.tier",
        "key_id": _id("key", "api_key_id"),
        "member_id": _id("usr", "member_id"),
        "batch_id": "'batch_' || replace(g.batch_id::text, '-', '')",
        "metadata": "nullif(g.metadata, '{}')",
        "quantity": "r.quantity",
        "billed_quantity": "coalesce(r.pieces, r.quantity)",
        "images": "r.images",
        "unit": "r.unit",
        "unit_price": "r.unit_price",
        "amount": "r.amount",
        "currency": "r.currency",
    }
    if operator:
        columns = {"tenant_id": _id("ten", "tenant_id"), **columns, "cost": "r.cost"}
    order = "r.billing_date, r.generation_id, r.attempt, r.kind"
    source = "billing_usagerecord r LEFT JOIN generations_generation g ON g.id = r.generation_id"
    rest = f"FROM {source} WHERE {query.conditions('r.at')} ORDER BY {order}"
    _write(columns, rest, query.values, write, style)


def column_of(name: str, tag: str | None) -> str:
    return f"{METADATA}.{tag}" if name == METADATA else DIMENSIONS[name].column


def _id(prefix: str, column: str) -> str:
    return f"'{prefix}_' || replace(r.{column}::text, '-', '')"


def _write(columns: dict[str, str], rest: str, values: dict[str, Any], write: Write, style: CsvStyle) -> None:
    csv_copy(columns, rest, values, write, style=style, numbers=NUMBERS & columns.keys())
