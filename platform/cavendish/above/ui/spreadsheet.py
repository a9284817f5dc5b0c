"""Tables as CSV, for a spreadsheet: plain figures, moments as ISO 8601."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse

from billing.money import LINE
from cavendish.above.ui.lists import List, Row, filtered
from cavendish.http.csv_files import csv_line

MOST_ROWS = 50_000
"""Of a list, how many rows a file has: those that would come first on its pages."""


def csv_response(name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """Returns a file of this name, without its ending. Texts that a spreadsheet would run as a formula get a quote."""
    lines = [csv_line(head), *(csv_line(_value(value) for value in row) for row in rows)]
    return HttpResponse(
        b"".join(lines),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def list_rows(request: HttpRequest, table: List[Row], *, most: int = MOST_ROWS) -> list[Row] | None:
    """Returns the rows of a list that the address's filters leave; None where a filter is wrong."""
    _given, errors, rows = filtered(request, table)
    return None if errors else list(rows.order_by(*table.order)[:most])


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, Decimal):
        return value.quantize(LINE)
    return value
