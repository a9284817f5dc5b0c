"""Collections as the API shows them."""

from __future__ import annotations

from typing import Any

from cavendish.db import ids
from cavendish.http.times import moment
from generations.models import Collection, CollectionOutput


def collection_json(row: Collection, output_count: int) -> dict[str, Any]:
    return {
        "id": ids.encode(ids.COLLECTION, row.id),
        "object": "collection",
        "name": row.name,
        "description": row.description,
        "livemode": row.livemode,
        "output_count": output_count,
        "created_at": moment(row.created_at),
        "updated_at": moment(row.updated_at),
    }


def collection_output_json(row: CollectionOutput) -> dict[str, Any]:
    return {
        "object": "collection_output",
        "collection_id": ids.encode(ids.COLLECTION, row.collection_id),
        "output_id": ids.encode(ids.OUTPUT, row.output_id),
        "added_at": moment(row.added_at),
    }
