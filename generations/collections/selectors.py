"""Reads of collections, in a tenant's context."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Count

from generations.models import Collection, CollectionOutput, Output


def collection_find(collection_id: UUID, *, livemode: bool) -> Collection | None:
    row: Collection | None = Collection.objects.filter(id=collection_id, livemode=livemode).first()
    return row


def collection_output_find(collection_id: UUID, output_id: UUID, *, livemode: bool) -> CollectionOutput | None:
    row: CollectionOutput | None = CollectionOutput.objects.filter(
        collection=collection_id, collection__livemode=livemode, output=output_id
    ).first()
    return row


def output_counts(collection_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Returns how many outputs are in each collection; one without any is left out."""
    rows = CollectionOutput.objects.filter(collection__in=set(collection_ids)).values_list("collection")
    return dict(rows.annotate(count=Count("output")))


def output_to_collect(output_id: UUID, *, livemode: bool) -> Output | None:
    """Returns an output that is to be seen in the list of outputs, locked so that it is not deleted meanwhile."""
    row: Output | None = (
        Output.objects.filter(
            id=output_id,
            part=Output.Part.OUTPUT,
            generation__livemode=livemode,
            generation__deleted_at=None,
        )
        .select_for_update(no_key=True, of=("self",))
        .first()
    )
    return row
