"""Cursor pages: newest first, by id, which is ordered by time; a page costs the same wherever it is."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request

from cavendish.db import ids
from cavendish.http.problems import FieldError, Problem, invalid

LIMIT, MOST = 20, 100
_NUMBER = re.compile(r"[0-9a-f]{1,15}")


def page_read(request: Request, rows: QuerySet[Any], prefix: str, *, key: str = "id") -> tuple[list[Any], str | None]:
    """Rows of the page that `limit` and `cursor` ask for, and the cursor of the next one; `key` is the UUID's field."""
    limit = _limit(request)
    cursor = request.query_params.get("cursor")
    if cursor:
        after: UUID | None = ids.decode(prefix, cursor)
        if after is None:
            raise _wrong_cursor()
        rows = rows.filter(**{f"{key}__lt": after})
    found = list(rows.order_by(f"-{key}")[: limit + 1])
    page = found[:limit]
    return page, ids.encode(prefix, getattr(page[-1], key)) if len(found) > limit else None


def page_read_numbered(request: Request, rows: QuerySet[Any], prefix: str) -> tuple[list[Any], str | None]:
    """The same for rows whose ids are numbers, in the order in which they were written."""
    limit = _limit(request)
    cursor = request.query_params.get("cursor")
    if cursor:
        head, _, tail = cursor.partition("_")
        if head != prefix or not _NUMBER.fullmatch(tail):
            raise _wrong_cursor()
        rows = rows.filter(id__lt=int(tail, 16))
    found = list(rows.order_by("-id")[: limit + 1])
    page = found[:limit]
    return page, f"{prefix}_{page[-1].id:x}" if len(found) > limit else None


def page_json(data: list[dict[str, Any]], next_cursor: str | None) -> dict[str, Any]:
    return {"object": "list", "data": data, "has_more": next_cursor is not None, "next_cursor": next_cursor}


def _limit(request: Request) -> int:
    limit_text = request.query_params.get("limit", str(LIMIT))
    # int() takes digits of any script, and refuses thousands of them with an error of its own
    if not (limit_text.isascii() and limit_text.isdecimal() and len(limit_text) < 10 and 1 <= int(limit_text) <= MOST):
        raise invalid([FieldError("/limit", "out_of_range", f"Use a whole number from 1 to {MOST}.")])
    return int(limit_text)


def _wrong_cursor() -> Problem:
    return invalid([FieldError("/cursor", "invalid", "Use the next_cursor of the page before.")])
