"""Searches as conditions on rows, in a tenant's context."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from cavendish.db.call import call_values

MOST = 2000
"""How many ids a search hands over to the query of the list."""

Column = Literal['"generations_generation"."id"', '"generations_output"."generation_id"']
OF_GENERATIONS: Column = '"generations_generation"."id"'
OF_OUTPUTS: Column = '"generations_output"."generation_id"'


def with_terms(
    rows: QuerySet[Any], terms: Sequence[int], *, column: Column, before: UUID | None = None
) -> QuerySet[Any]:
    """Returns the rows whose generation has all the terms. `before` bounds the generations of the page that is read.

    Few come by their ids. Of many the newest do, and the list is read on from there, row by row: a word that many have
    is soon met.
    """
    found: list[UUID] = call_values("generation_search", list(terms), before, MOST)
    condition = f"{column} = ANY(%s)"
    values: list[Any] = [found]
    if len(found) == MOST:
        row = f"generations_generationterms t WHERE t.generation_id = {column}"
        has = f"(SELECT t.terms @> %s::bigint[] FROM {row})"  # noqa: S608 (a column of ours)
        condition = f"{column} <= %s AND ({condition} OR ({column} < %s AND {has}))"
        values = [found[0], found, found[-1], list(terms)]
    return rows.filter(RawSQL(f"({condition})", values, output_field=BooleanField()))
