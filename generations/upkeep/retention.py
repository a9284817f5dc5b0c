"""What tenants say about how long things are kept, carried out by the scheduler: rows and objects are erased."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import Tenant
from cavendish.db.router import acting_as
from cavendish.storage import ERASE_SECONDS
from generations.errors import LegalHoldInForce
from generations.holds.selectors import generation_held, held_files, tenant_held
from generations.models import BATCH_ACTIVE, TERMINAL, Batch, File, Generation
from generations.services import file_delete, generation_delete

AT_ONCE = 500
"""Rows that are read in one go, of one tenant and mode where it is by tenant."""

Due = Iterator[tuple[UUID, UUID, bool]]
Rows = Callable[[UUID, bool, datetime], QuerySet[Generation] | QuerySet[File]]


def outputs_expire(*, now: datetime | None = None) -> int:
    """Erases generations whose tenant keeps outputs for so many days, counted from their end; returns how many."""
    return _erase(_generation_delete, _due("output_retention_days", _generations, now))


def inputs_expire(*, now: datetime | None = None) -> int:
    """Deletes pictures and videos that came as input, however they came, counted from their arrival."""
    return _erase(_file_delete, _due("input_retention_days", _files, now))


def outputs_due(tenant_id: UUID, days: int, *, most: int) -> int:
    """Returns how many generations would go, were outputs kept for so many days; at most `most`. In its context."""
    return _count(_generations, tenant_id, days, most)


def inputs_due(tenant_id: UUID, days: int, *, most: int) -> int:
    """Returns how many inputs would go, were they kept for so many days; at most `most`. In the tenant's context."""
    return _count(_files, tenant_id, days, most)


def _count(rows: Rows, tenant_id: UUID, days: int, most: int) -> int:
    before = timezone.now() - timedelta(days=days)
    return min(sum(rows(tenant_id, livemode, before)[:most].count() for livemode in (True, False)), most)


def contents_expire() -> int:
    """Erases what was asked for with `"store": false`, an hour after its end; of a batch, a day after the batch's."""
    return _erase(_generation_delete, _unstored())


def files_expire() -> int:
    """Deletes uploads whose days are over, 48 hours unless the tenant says otherwise; returns how many."""
    return _erase(_file_delete, _expired_files())


def _erase(delete: Callable[[UUID, UUID, bool], bool], due: Iterable[tuple[UUID, UUID, bool]]) -> int:
    """Deletes what is due until ERASE_SECONDS are over; returns how many were."""
    until = time.monotonic() + ERASE_SECONDS
    count = 0
    for tenant_id, row, livemode in due:
        with suppress(LegalHoldInForce):  # set since it was found to be due
            count += delete(tenant_id, row, livemode)
        if time.monotonic() >= until:
            break
    return count


def _generation_delete(tenant_id: UUID, generation_id: UUID, livemode: bool) -> bool:
    return generation_delete(tenant_id=tenant_id, generation_id=generation_id, livemode=livemode)


def _file_delete(tenant_id: UUID, file_id: UUID, livemode: bool) -> bool:
    return file_delete(tenant_id=tenant_id, file_id=file_id, livemode=livemode)


def _due(setting: str, rows: Rows, now: datetime | None) -> Due:
    with acting_as("operator"):
        days = list(Tenant.objects.exclude(**{setting: None}).values_list("id", setting))
    random.shuffle(days)  # the time may be over before the last: one with much that is due must not keep it all
    for tenant_id, kept in days:
        for livemode in (True, False):
            with acting_as("operator"):
                old = rows(tenant_id, livemode, (now or timezone.now()) - timedelta(days=kept))
                # Ids are in the order of time, and what is erased leaves the index: the oldest come first, at no cost.
                due = list(old.order_by("id").values_list("id", flat=True)[:AT_ONCE])
            for row in due:
                yield tenant_id, row, livemode


def _generations(tenant_id: UUID, livemode: bool, before: datetime) -> QuerySet[Generation]:
    rows: QuerySet[Generation] = Generation.objects.filter(
        tenant_id=tenant_id, livemode=livemode, deleted_at=None, id__lt=_first_id(before)
    )
    return rows.filter(~tenant_held(), ~generation_held(), status__in=TERMINAL, finished_at__lt=before)


def _files(tenant_id: UUID, livemode: bool, before: datetime) -> QuerySet[File]:
    rows: QuerySet[File] = File.objects.filter(
        tenant_id=tenant_id, livemode=livemode, deleted_at=None, id__lt=_first_id(before)
    )
    # a batch reads its file item by item, for a day at most
    return (
        rows.exclude(Exists(Batch.objects.filter(input_file=OuterRef("id"), status__in=BATCH_ACTIVE)))
        .exclude(tenant_held())
        .exclude(id__in=held_files(tenant_id))
    )


def _first_id(moment: datetime) -> UUID:
    """The smallest UUIDv7 that can be made from this moment on (RFC 9562, section 5.7: milliseconds, then the rest)."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


# What was asked for with "store": false stays long enough to be fetched, and no longer.
UNSTORED = timedelta(hours=1)
UNSTORED_OF_BATCH = timedelta(days=1)


def _unstored() -> Due:
    now = timezone.now()
    alone = Q(batch_id=None, finished_at__lt=now - UNSTORED)
    with acting_as("operator"):
        ended = Batch.objects.filter(id=OuterRef("batch_id"), finished_at__lt=now - UNSTORED_OF_BATCH)
        due = list(
            Generation.objects.filter(
                alone | Exists(ended),
                ~tenant_held(),
                ~generation_held(),
                status__in=TERMINAL,
                deleted_at=None,
                store=False,
            ).values_list("tenant_id", "id", "livemode")[:AT_ONCE]
        )
    yield from due


def _expired_files() -> Due:
    while True:
        with acting_as("operator"):
            due = list(
                File.objects.filter(deleted_at=None, expires_at__lt=timezone.now())
                # a batch reads its file item by item, for a day at most
                .exclude(Exists(Batch.objects.filter(input_file=OuterRef("id"), status__in=BATCH_ACTIVE)))
                .exclude(tenant_held())
                .exclude(id__in=held_files())
                .order_by("expires_at")
                .values_list("tenant_id", "id", "livemode")[:AT_ONCE]
            )
        yield from due
        if len(due) < AT_ONCE:
            return
