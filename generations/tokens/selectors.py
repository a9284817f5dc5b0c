"""Reads of the tokens that pictures count as, and of those that came and differ. The lists are the operator's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections
from django.utils import timezone

from billing.prices.selectors import CACHE_SECONDS
from cavendish.db import ids
from cavendish.db.router import current_alias
from cavendish.gemini.catalog import CatalogError, Model, Resolution, get_model
from cavendish.timed_cache import TimedCache
from generations.models import TokenVersion

MOST_OUTPUTS = 200_000
"""Of the newest pictures, how many are looked at."""
Versions = Mapping[tuple[str, str], int]
_versions: TimedCache[None, Versions] = TimedCache(most=1)


def resolution_in_force(model: Model, aspect_ratio: str, image_size: str) -> Resolution:
    """Returns the catalog's row with the tokens that were adopted for it. Raises CatalogError where there is no row."""
    return _adopted(model, model.resolution(aspect_ratio, image_size))


def resolutions_in_force(model: Model) -> list[Resolution]:
    """Returns all rows of a model in the same way."""
    return [_adopted(model, row) for row in model.resolutions]


def token_versions_clear() -> None:
    """Forgets what is cached, for tests that adopt past the service."""
    _versions.clear()


def _adopted(model: Model, row: Resolution) -> Resolution:
    tokens = _versions.get(None, _read).get((model.id, row.image_size))
    return row if tokens is None else replace(row, tokens=tokens)


def _read() -> tuple[Versions, float]:
    """Returns what applies now, and for how many seconds: until another version begins, at most CACHE_SECONDS."""
    now = timezone.now()
    rows = list(TokenVersion.objects.filter(effective_from__lte=now + timedelta(seconds=CACHE_SECONDS)))
    waits = [(row.effective_from - now).total_seconds() for row in rows if row.effective_from > now]
    return versions_at(rows, now), min([CACHE_SECONDS, *waits])


def versions_at(rows: list[TokenVersion], moment: datetime) -> Versions:
    """Returns the tokens that apply at a moment, by model and size."""
    begun = [row for row in rows if row.effective_from <= moment]
    return {(row.model, row.image_size): row.tokens for row in sorted(begun, key=lambda row: row.effective_from)}


@dataclass(frozen=True)
class TokenDifference:
    """Pictures of a model and size that counted as `came` tokens where `expected` is in force, of `of` that came.

    `sandbox`: they are of the stand-in, which says nothing about what the upstream charges.
    """

    model: str
    image_size: str
    expected: int
    came: int
    count: int
    of: int
    sandbox: bool
    first_at: datetime
    last_at: datetime
    last_generation_id: UUID


_CAME = """
    SELECT g.model, g.image_size, g.aspect_ratio, o.sandbox, o.tokens, count(*), min(o.created_at), max(o.created_at),
           (array_agg(o.generation_id ORDER BY o.id DESC))[1]
    FROM (SELECT id, generation_id, sandbox, tokens, created_at FROM generations_output
          WHERE id >= %(since)s AND part = 'output' AND tokens > 0 ORDER BY id DESC LIMIT %(most)s) o
    JOIN generations_generation g ON g.id = o.generation_id
    GROUP BY 1, 2, 3, 4, 5"""


def token_differences(*, days: int = 7, most: int = MOST_OUTPUTS) -> list[TokenDifference]:
    """Returns what of the pictures of some days differs from the tokens in force, the most frequent first.

    The newest `most` pictures are looked at; of several pictures of one answer each counts as its share. As the
    operator.
    """
    since = timezone.now() - timedelta(days=days)
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(_CAME, {"since": ids.first_at(since), "most": most})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    whole: dict[tuple[str, str, bool], int] = {}
    found: dict[tuple[str, str, bool, int, int], TokenDifference] = {}
    for model, size, ratio, sandbox, came, count, first, last, generation_id in rows:
        whole[model, size, sandbox] = whole.get((model, size, sandbox), 0) + count
        expected = _expected(model, ratio, size)
        if expected is None or expected == came:
            continue
        key = (model, size, sandbox, expected, came)
        row = TokenDifference(model, size, expected, came, count, 0, sandbox, first, last, generation_id)
        before = found.get(key)
        found[key] = row if before is None else _together(before, row)
    differences = [replace(row, of=whole[row.model, row.image_size, row.sandbox]) for row in found.values()]
    return sorted(differences, key=lambda row: (-row.count, row.model, row.image_size, row.came))


def _together(one: TokenDifference, other: TokenDifference) -> TokenDifference:
    newest = max(one, other, key=lambda row: row.last_at)
    return replace(newest, count=one.count + other.count, first_at=min(one.first_at, other.first_at))


def _expected(model: str, aspect_ratio: str, image_size: str) -> int | None:
    """Returns the tokens in force; None for a model or a size that the catalog no longer has."""
    try:
        return resolution_in_force(get_model(model), aspect_ratio, image_size).tokens
    except CatalogError:
        return None


def token_versions() -> list[TokenVersion]:
    """Returns all versions that were adopted, those that begin last first."""
    return list(TokenVersion.objects.order_by("-effective_from", "-id"))
