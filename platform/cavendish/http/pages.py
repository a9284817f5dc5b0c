"""Cursor pages of lists, newest first by id, which is ordered by time. Every page costs the same."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request

from cavendish.db import ids
from cavendish.http.problems import FieldError, Problem, invalid

DEFAULT_LIMIT, MAX_LIMIT = 20, 100
_NUMBER = re.compile(r"[0-9a-f]{1,15}")


def page_read(request: Request, rows: QuerySet[Any], prefix: str, *, key: str = "id") -> tuple[list[Any], str | None]:
    """Returns the rows of the page that `limit` and `cursor` name, and the next page's cursor, None at the end.

    `key` is the UUID field that orders the rows. Raises Problem 422.
    """
    limit = _limit(request)
    cursor = request.query_params.get("cursor")
    if cursor:
        after: UUID | None = ids.decode(prefix, cursor)
        if after is None:
            raise _wrong_cursor()
        rows = rows.filter(**{f"{key}__lt": after})
    one_more = list(rows.order_by(f"-{key}")[: limit + 1])
    page = one_more[:limit]
    return page, ids.encode(prefix, getattr(page[-1], key)) if len(one_more) > limit else None


def page_read_numbered(request: Request, rows: QuerySet[Any], prefix: str) -> tuple[list[Any], str | None]:
    """Returns what `page_read` does, for rows whose ids are numbers, in the order in which they were written."""
    limit = _limit(request)
    cursor = request.query_params.get("cursor")
    if cursor:
        head, _, tail = cursor.partition("_")
        if head != prefix or not _NUMBER.fullmatch(tail):
            raise _wrong_cursor()
        rows = rows.filter(id__lt=int(tail, 16))
    one_more = list(rows.order_by("-id")[: limit + 1])
    page = one_more[:limit]
    return page, f"{prefix}_{page[-1].id:x}" if len(one_more) > limit else None


def page_of(request: Request, rows: Iterable[Any], prefix: str) -> tuple[list[Any], str | None]:
    """Returns what `page_read` does, of rows that are few and all at hand."""
    limit = _limit(request)
    cursor = request.query_params.get("cursor")
    if cursor:
        after = ids.decode(prefix, cursor)
        if after is None:
            raise _wrong_cursor()
        rows = [row for row in rows if row.id < after]
    one_more = sorted(rows, key=lambda row: row.id, reverse=True)[: limit + 1]
    page = one_more[:limit]
    return page, ids.encode(prefix, page[-1].id) if len(one_more) > limit else None


def page_json(data: list[dict[str, Any]], next_cursor: str | None) -> dict[str, Any]:
    """Returns a page as the API shows it."""
    return {"object": "list", "data": data, "has_more": next_cursor is not None, "next_cursor": next_cursor}


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    # int() accepts digits of any script, and raises an error of its own for thousands of them.
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= MAX_LIMIT):
        raise invalid([FieldError("/limit", "out_of_range", f"Use a whole number from 1 to {MAX_LIMIT}.")])
    return int(text)


def _wrong_cursor() -> Problem:
    return invalid([FieldError("/cursor", "invalid", "Use the next_cursor of the previous page.")])
