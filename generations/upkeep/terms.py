"""Brings generations into the search that were accepted before it came: by older versions, or by a process of one."""

from __future__ import annotations

import time
from uuid import UUID

from django.db import transaction

from cavendish.db.router import acting_as
from generations.models import Generation, GenerationContent, GenerationTerms
from generations.search.terms import terms_of

AT_ONCE = 200
FILL_SECONDS = 5.0


def terms_fill() -> int:
    """Fills in the terms of generations for up to FILL_SECONDS; returns how many. The newest come first.

    Every generation has a row from a certain one on, and none before it: where it stopped is seen from the rows alone.
    """
    until = time.monotonic() + FILL_SECONDS
    count = 0
    with acting_as("operator"):
        while due := _unknown() or _older():
            _fill(due)
            count += len(due)
            if time.monotonic() >= until:
                break
    return count


def _unknown() -> list[UUID]:
    """Returns generations whose process did not know of terms."""
    rows = GenerationTerms.objects.filter(terms=None).order_by("-generation_id")
    return list(rows.values_list("generation_id", flat=True)[:AT_ONCE])


def _older() -> list[UUID]:
    oldest = GenerationTerms.objects.order_by("generation_id").values_list("generation_id", flat=True).first()
    rows = Generation.objects.order_by("-id")
    if oldest is not None:
        rows = rows.filter(id__lt=oldest)
    return list(rows.values_list("id", flat=True)[:AT_ONCE])


def _fill(generation_ids: list[UUID]) -> None:
    with transaction.atomic(using="operator"):
        # Content is read under the lock that who erases it takes too: what is erased meanwhile does not come back.
        locked = list(Generation.objects.filter(id__in=generation_ids).order_by("id").select_for_update(no_key=True))
        kept = [row.id for row in locked if row.store and row.deleted_at is None]
        contents = GenerationContent.objects.filter(generation_id__in=kept)
        specs = dict(contents.values_list("generation_id", "job_spec"))
        GenerationTerms.objects.bulk_create(
            [
                GenerationTerms(
                    generation=row,
                    tenant_id=row.tenant_id,
                    terms=terms_of(
                        specs.get(row.id, {}).get("steps", ()), tenant_id=row.tenant_id, livemode=row.livemode
                    ),
                )
                for row in locked
            ],
            update_conflicts=True,
            update_fields=["terms"],
            unique_fields=["generation"],
        )
