"""Searches as conditions on rows, in a tenant's context."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from cavendish.db.call import call_values

MOST = 2000
"""How many ids a search hands over to the query of the list."""


def generations_with(rows: QuerySet[Any], terms: Sequence[int], *, before: UUID | None) -> QuerySet[Any]:
    """Returns the generations that have all the terms. `before` is the id that the page of the list ends with.

    Few come by their ids. Of many the newest do, and the list is read on from there, row by row: a word that many have
    is soon met.
    """
    found = _found(terms, before)
    condition = '"generations_generation"."id" = ANY(%s)'
    values: list[Any] = [found]
    if len(found) == MOST:
        condition += f' OR ("generations_generation"."id" < %s AND {_has("generations_generation.id")})'
        values += [found[-1], list(terms)]
    return rows.filter(RawSQL(f"({condition})", values, output_field=BooleanField()))


def outputs_with(rows: QuerySet[Any], terms: Sequence[int]) -> QuerySet[Any]:
    """Returns the outputs of generations that have all the terms."""
    found = _found(terms, None)
    condition = '"generations_output"."generation_id" = ANY(%s)'
    values: list[Any] = [found]
    if len(found) == MOST:
        condition, values = _has("generations_output.generation_id"), [list(terms)]
    return rows.filter(RawSQL(f"({condition})", values, output_field=BooleanField()))


def _found(terms: Sequence[int], before: UUID | None) -> list[UUID]:
    return call_values("generation_search", list(terms), before, MOST)


def _has(generation_id: str) -> str:
    """Returns whether one generation has the terms, for a row that is read anyway."""
    row = f"generations_generationterms t WHERE t.generation_id = {generation_id}"
    return f"(SELECT t.terms @> %s::bigint[] FROM {row})"  # noqa: S608 (a column of ours)
