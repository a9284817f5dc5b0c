"""The list of batches, and the list of one batch's items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from django.db.models.fields.json import KT
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from cavendish.above.console.batches.progress import batch_state, ended, progress_bar
from cavendish.above.console.jobs.advice import Advice, advice_of
from cavendish.above.console.jobs.rows import Maker, Row, makers_of, rows_of
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui import formats
from cavendish.above.ui.cells import SINCE, UNTIL
from cavendish.above.ui.labels import label
from cavendish.above.ui.lists import Filter, List, equals
from cavendish.db import ids
from generations.models import Batch, BatchItem, BatchStatus, Generation, ItemStatus

TONES = {
    "waiting": "off", "in_progress": "waiting", "succeeded": "good", "failed": "bad", "canceled": "off",
    "expired": "off",
}  # fmt: skip
MOST_REASONS = 8


@dataclass(frozen=True)
class BatchRow:
    """A batch as its row shows it."""

    batch: Batch
    maker: Maker

    @property
    def public_id(self) -> str:
        return ids.encode(ids.BATCH, self.batch.id)

    @property
    def state(self) -> SafeString:
        return batch_state(self.batch)

    @property
    def bar(self) -> SafeString:
        return progress_bar(self.batch)

    @property
    def ended(self) -> int:
        return ended(self.batch)


@dataclass(frozen=True)
class ItemRow:
    """An item as its row shows it: with its job's row, once it is one."""

    item: BatchItem
    job: Row | None
    advice: Advice | None

    @property
    def number(self) -> int:
        return self.item.index + 1

    @property
    def state(self) -> SafeString:
        return formats.status(TONES[self.item.status], label(self.item.get_status_display()))


@dataclass
class Loaded:
    """The rows of the page that is shown."""

    batches: list[BatchRow] = field(default_factory=list)
    items: list[ItemRow] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    def load_batches(self, batches: Sequence[Batch]) -> None:
        makers = makers_of(batches)
        self.batches = [BatchRow(batch, makers[batch.id]) for batch in batches]

    def load_items(self, items: Sequence[BatchItem]) -> None:
        jobs = Generation.objects.filter(
            id__in=[item.generation_id for item in items if item.generation_id], deleted_at=None
        )
        rows = {row.job.id: row for row in rows_of(list(jobs))}
        self.items = [_item_row(item, rows, self.names) for item in items]


def _item_row(item: BatchItem, rows: dict[UUID, Row], names: dict[str, str]) -> ItemRow:
    job = rows.get(item.generation_id) if item.generation_id else None
    error: dict[str, Any] | None = item.error
    if job is None and item.generation_id is not None:
        error = {"code": "erased"}
    return ItemRow(item, job, advice_of(error, names=names))


def batches_of(work: Workplace) -> QuerySet[Batch]:
    """Returns the tenant's batches of the session's mode that are not deleted."""
    rows: QuerySet[Batch] = Batch.objects.filter(tenant_id=work.tenant_id, livemode=work.livemode, deleted_at=None)
    return rows


def batches_list(work: Workplace, loaded: Loaded) -> List[Batch]:
    return List(
        title=_("Batches"),
        rows=lambda: batches_of(work),
        columns=(),
        filters=(Filter("status", _("State"), equals("status"), choices=BatchStatus.choices), SINCE, UNTIL),
        prepare=loaded.load_batches,
    )


def items_list(batch: Batch, loaded: Loaded) -> List[BatchItem]:
    return List(
        title=_("Items"),
        rows=lambda: BatchItem.objects.filter(batch_id=batch.id),
        columns=(),
        filters=(Filter("status", _("State"), equals("status"), choices=ItemStatus.choices),),
        order=("index",),
        prepare=loaded.load_items,
    )


@dataclass(frozen=True)
class Reason:
    """Why so many items failed."""

    count: int
    advice: Advice


def reasons_of(batch: Batch, names: dict[str, str]) -> list[Reason]:
    """Returns why items failed, the most frequent reason first, each with the words of one of them."""
    if not batch.failed:
        return []
    failed = BatchItem.objects.filter(batch_id=batch.id, status=ItemStatus.FAILED)
    codes = (
        failed.annotate(code=KT("error__code")).values("code").annotate(n=Count("index")).order_by("-n")[:MOST_REASONS]
    )
    reasons = []
    for row in codes:
        first = failed.alias(code=KT("error__code")).filter(code=row["code"]).order_by("index").first()
        found = advice_of(first.error if first else None, names=names)
        if found is not None:
            reasons.append(Reason(row["n"], found))
    return reasons
