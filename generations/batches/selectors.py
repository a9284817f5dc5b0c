"""Reads of batches, in a tenant's context where nothing else is said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from cavendish.db.tenancy import tenant_context
from generations.models import Batch, BatchItem, Generation
from generations.selectors import GenerationDetail, generations_load

# Of a text-only page: what pictures weigh is read from storage, never here.
PAGE = 50


def batch_find(batch_id: UUID, *, livemode: bool) -> Batch | None:
    batch: Batch | None = Batch.objects.filter(id=batch_id, livemode=livemode, deleted_at=None).first()
    return batch


def items_page(
    batch_id: UUID, *, after: int, limit: int, status: str | None = None, key: str | None = None
) -> list[BatchItem]:
    """Items in their order, those behind the index `after`."""
    items = BatchItem.objects.filter(batch_id=batch_id, index__gt=after)
    if status is not None:
        items = items.filter(status=status)
    if key is not None:
        items = items.filter(key=key)
    return list(items.order_by("index")[:limit])


@dataclass(frozen=True)
class Result:
    """An item and what became of it. `detail` is None where there never was a generation, and where it was erased."""

    item: BatchItem
    detail: GenerationDetail | None


def items_walk(*, tenant_id: UUID, batch_id: UUID, whole: bool = False) -> Iterator[list[Result]]:
    """All items, page by page, each in a transaction of its own: none is open in between."""
    after = -1
    while True:
        with tenant_context(tenant_id):
            items = items_page(batch_id, after=after, limit=PAGE)
            generation_ids = [item.generation_id for item in items if item.generation_id]
            generations = Generation.objects.filter(id__in=generation_ids, deleted_at=None)
            details = {detail.generation.id: detail for detail in generations_load(list(generations), whole=whole)}
        if not items:
            return
        yield [Result(item, details.get(item.generation_id) if item.generation_id else None) for item in items]
        after = items[-1].index
