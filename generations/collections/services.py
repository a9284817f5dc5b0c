"""Writes of collections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models.functions import Now

from accounts.idempotency import note_created
from accounts.models import Tenant
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import FieldError, Problem
from generations.collections.selectors import collection_find, collection_output_find, output_to_collect
from generations.errors import TooManyCollections
from generations.models import Collection, CollectionOutput

MAX_COLLECTIONS = 1000
"""Of one tenant, in each mode."""


def output_unknown() -> Problem:
    detail = "There is no such output."
    return Problem(404, "not_found", detail, errors=[FieldError("/output_id", "not_found", detail)])


def collection_create(*, tenant_id: UUID, livemode: bool, name: str, description: str = "") -> Collection:
    """Creates an empty collection. Raises TooManyCollections."""
    with tenant_context(tenant_id):
        # The tenant's row is locked, so that two who create at once do not both take the last place.
        Tenant.objects.select_for_update(no_key=True).get(id=tenant_id)
        if Collection.objects.filter(tenant_id=tenant_id, livemode=livemode).count() >= MAX_COLLECTIONS:
            raise TooManyCollections(f"A tenant has at most {MAX_COLLECTIONS} collections. Delete one first.")
        row: Collection = Collection.objects.create(
            tenant_id=tenant_id, livemode=livemode, name=name, description=description
        )
        row.refresh_from_db(fields=["created_at", "updated_at"])
        note_created(row.id)
    return row


def collection_update(
    *, tenant_id: UUID, collection_id: UUID, livemode: bool, changed: Mapping[str, Any]
) -> Collection | None:
    """Changes the fields that are named. Returns the row, None when there is none."""
    with tenant_context(tenant_id):
        if changed:
            rows = Collection.objects.filter(id=collection_id, livemode=livemode)
            rows.update(**changed, updated_at=Now())
        return collection_find(collection_id, livemode=livemode)


def collection_delete(*, tenant_id: UUID, collection_id: UUID, livemode: bool) -> bool:
    """Deletes a collection; its outputs stay. False when there is none."""
    with tenant_context(tenant_id):
        deleted, _ = Collection.objects.filter(id=collection_id, livemode=livemode).delete()
    return bool(deleted)


def collection_output_add(
    *, tenant_id: UUID, collection_id: UUID, output_id: UUID, livemode: bool
) -> tuple[CollectionOutput, bool] | None:
    """Puts an output into a collection. Returns the row and whether it is new; None when there is no such collection.

    Raises Problem 404 for an output that is not there. Both are locked, so that neither is deleted meanwhile.
    """
    with tenant_context(tenant_id):
        found = Collection.objects.filter(id=collection_id, livemode=livemode).select_for_update(no_key=True).first()
        if found is None:
            return None
        if output_to_collect(output_id, livemode=livemode) is None:
            raise output_unknown()
        row = collection_output_find(collection_id, output_id, livemode=livemode)
        if row is not None:
            note_created(collection_id)
            return row, False
        row = CollectionOutput.objects.create(collection=found, output_id=output_id, tenant_id=tenant_id)
        row.refresh_from_db(fields=["added_at"])
        note_created(output_id)
    return row, True


def collection_output_remove(*, tenant_id: UUID, collection_id: UUID, output_id: UUID, livemode: bool) -> bool:
    """Takes an output out of a collection. False when it is in no such collection."""
    with tenant_context(tenant_id):
        rows = CollectionOutput.objects.filter(
            collection=collection_id, collection__livemode=livemode, output=output_id
        )
        deleted, _ = rows.delete()
    return bool(deleted)
