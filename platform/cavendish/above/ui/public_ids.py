"""What an address names by a public id, or the page that says that nothing is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from cavendish.db import ids

T = TypeVar("T")


def find_or_404(kind: str, public: str, find: Callable[[UUID], T | None]) -> T:
    """Returns what `find` knows of a public id of that kind. Raises Http404 for an unknown one, and for other text."""
    value = ids.decode(kind, public)
    found = find(value) if value is not None else None
    if found is None:
        raise Http404
    return found


def row_or_404(kind: str, public: str, rows: QuerySet[Any]) -> Any:
    """Returns the one of the rows that a public id of that kind names. Raises Http404."""
    return find_or_404(kind, public, lambda value: rows.filter(id=value).first())
