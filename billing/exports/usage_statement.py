"""Usage of a month by team, tag, key or whatever it is grouped by, as a sheet (XLSX) and on paper (PDF)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import xlsxwriter

from accounts.models import ApiKey, Membership, Tenant
from billing.invoices.labels import count, figure
from billing.invoices.pdf import pdf_render
from billing.usage.query import METADATA, UsageQuery
from billing.usage.selectors import Sums, UsagePage, usage_read
from cavendish.db import ids

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"
TEMPLATE = Path(__file__).with_name("statement.typ")
MOST_ROWS = 5000
NAMES = {
    "tenant": "Tenant", "hour": "Hour", "day": "Day", "month": "Month", "model": "Model", "key": "API key",
    "member": "Member", "size": "Size", "kind": "Kind", "tier": "Tier",
}  # fmt: skip
PREFIXES = {"tenant": ids.TENANT, "key": ids.API_KEY, "member": ids.USER}
WITHOUT = "(none)"
PLACES = 9


@dataclass(frozen=True)
class UsageStatement:
    """`groups` are the headings of what rows are grouped by, `rows` their texts beside the sums."""

    title: str
    whose: str
    period: str
    groups: list[str]
    rows: list[tuple[list[str], Sums]]
    totals: list[Sums]
    is_cut: bool
    with_cost: bool


def usage_statement(query: UsageQuery, *, whose: str, operator: bool) -> UsageStatement:
    """Returns the statement; in the tenant's context, or as the operator, who gets the cost beside it."""
    page = usage_read(query, limit=MOST_ROWS)
    named = {name: _names(name, page) for name in query.group_by if name in PREFIXES}
    groups = [f"{query.tag}" if name == METADATA else NAMES[name] for name in query.group_by]
    rows = [
        ([_text(name, value, named.get(name, {})) for name, value in row.group.items()], row.sums) for row in page.rows
    ]
    return UsageStatement(
        title="Statement of usage",
        whose=whose,
        period=f"{query.start} to {query.end}, which is not included",
        groups=groups,
        rows=rows,
        totals=page.totals,
        is_cut=page.next is not None,
        with_cost=operator,
    )


def _names(name: str, page: UsagePage) -> dict[UUID, str]:
    wanted = {value for row in page.rows if isinstance(value := row.group[name], UUID)}
    if name == "tenant":
        return dict(Tenant.objects.filter(id__in=wanted).values_list("id", "name"))
    if name == "key":
        return dict(ApiKey.objects.filter(id__in=wanted).values_list("id", "name"))
    return dict(Membership.objects.filter(user_id__in=wanted).values_list("user_id", "user__email"))


def _text(name: str, value: object, named: dict[UUID, str]) -> str:
    if value is None or value == "":
        return WITHOUT
    if isinstance(value, UUID):
        return named.get(value, ids.encode(PREFIXES[name], value))
    if isinstance(value, date) and not isinstance(value, datetime) and name == "month":
        return f"{value:%Y-%m}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _columns(statement: UsageStatement) -> list[str]:
    more = ["Cost (USD)"] * statement.with_cost
    return [*statement.groups, "Images", "Tokens", "Searches", "Requests", "Amount", "Currency", *more]


def _measures(sums: Sums, *, with_cost: bool) -> list[int | Decimal | str]:
    more = [sums.cost] if with_cost else []
    return [sums.images, sums.tokens, sums.search_queries, sums.requests, sums.amount, sums.currency, *more]


def statement_xlsx(statement: UsageStatement) -> bytes:
    """Returns a sheet with a table, its totals below. Figures are numbers, texts are never formulas."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("Usage")
    bold = book.add_format({"bold": True})
    whole, money = book.add_format({"num_format": "#,##0"}), book.add_format({"num_format": "#,##0.00#######"})
    strong = book.add_format({"bold": True, "num_format": "#,##0.00#######", "top": 1})
    for place, text in enumerate((statement.title, statement.whose, statement.period)):
        sheet.write_string(place, 0, text, bold if place == 0 else None)
    columns = _columns(statement)
    head = 4
    for place, name in enumerate(columns):
        sheet.write_string(head, place, name, bold)
        sheet.set_column(place, place, 26 if place < len(statement.groups) else 14)
    line = head + 1
    for texts, sums in statement.rows:
        _sheet_row(sheet, line, texts, _measures(sums, with_cost=statement.with_cost), whole, money)
        line += 1
    for sums in statement.totals:
        texts = ["Total", *[""] * (len(statement.groups) - 1)] if statement.groups else []
        _sheet_row(sheet, line, texts, _measures(sums, with_cost=statement.with_cost), strong, strong)
        line += 1
    sheet.freeze_panes(head + 1, 0)
    sheet.autofilter(head, 0, max(head + len(statement.rows), head + 1), len(columns) - 1)
    book.set_properties({"title": statement.title, "subject": statement.whose})
    book.close()
    return out.getvalue()


def _sheet_row(sheet: Any, line: int, texts: Sequence[str], values: Iterable[Any], whole: Any, money: Any) -> None:
    for place, text in enumerate(texts):
        sheet.write_string(line, place, text)
    for place, value in enumerate(values, start=len(texts)):
        if isinstance(value, str):
            sheet.write_string(line, place, value)
        else:
            sheet.write_number(line, place, value, money if isinstance(value, Decimal) else whole)


def statement_pdf(statement: UsageStatement, *, at: datetime) -> bytes:
    """Returns the same table on paper."""

    def shown(value: int | Decimal | str) -> str:
        if isinstance(value, str):
            return value
        return figure(value, PLACES) if isinstance(value, Decimal) else count(value)

    def row(texts: Sequence[str], sums: Sums) -> list[str]:
        return [*texts, *(shown(value) for value in _measures(sums, with_cost=statement.with_cost))]

    first = ["Total", *[""] * (len(statement.groups) - 1)] if statement.groups else []
    content = {
        "title": statement.title,
        "whose": statement.whose,
        "period": statement.period,
        "columns": _columns(statement),
        "texts": len(statement.groups),
        "rows": [row(texts, sums) for texts, sums in statement.rows],
        "totals": [row(first, sums) for sums in statement.totals],
        "note": f"Only the first {MOST_ROWS:,} rows are shown; the totals are of all." if statement.is_cut else "",
    }
    return pdf_render(content, at=at, template=TEMPLATE)
