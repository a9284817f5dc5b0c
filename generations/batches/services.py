"""Writes of batches. Each opens the tenant's context itself; bytes are stored before, and deleted if it is refused."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.audit.services import audit_add
from accounts.authentication.principal import Principal
from accounts.idempotency import note_created
from cavendish.db.call import call
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from cavendish.events.services import event_add
from cavendish.messaging import valkey
from cavendish.storage import ERASE_SECONDS, objects
from cavendish.telemetry.request_ids import current_request
from generations.accept.webhooks import job_webhooks_store
from generations.batches.selectors import batch_find
from generations.batches.source import ItemSpan
from generations.contracts import GenerationError
from generations.errors import NotCancelable, NotFinished, TooManyBatches
from generations.holds.selectors import batch_check, tenant_held
from generations.models import BATCH_ACTIVE, BATCH_ENDED, Batch, BatchItem, BatchStatus, Generation, ItemStatus, Status
from generations.request import JobWebhooks

INSERTED_AT_ONCE = 5_000
ERASED_AT_ONCE = 200
CANCELED = {"code": "canceled", "message": "The batch was canceled before this item's turn came."}
EXPIRED = {"code": "expired", "message": "The batch's time was over before this item's turn came; nothing is charged."}


def input_key(tenant_id: UUID, batch_id: UUID) -> str:
    return f"tenants/{tenant_id.hex}/batches/{batch_id.hex}"


def batch_create(
    *,
    who: Principal,
    batch_id: UUID,
    dialect: Batch.Dialect,
    spans: Sequence[ItemSpan],
    input_key: str,
    input_bytes: int,
    input_file: UUID | None,
    model: str,
    name: str,
    metadata: Mapping[str, str],
    webhooks: JobWebhooks | None = None,
) -> Batch:
    """Makes a batch and its items, waiting, in one transaction. Nothing of an item is read, quoted or held yet.

    Raises TooManyBatches.
    """
    request = current_request()
    with tenant_context(who.tenant_id):
        # A soft limit: two that count at once both pass. It spares feeders a heap of batches; money has its own limits.
        if Batch.objects.filter(status__in=BATCH_ACTIVE).count() >= settings.MAX_BATCHES:
            raise TooManyBatches(settings.MAX_BATCHES)
        note_created(batch_id)
        batch: Batch = Batch.objects.create(
            id=batch_id,
            tenant_id=who.tenant_id,
            api_key_id=who.key_id,
            member_id=who.member_id,
            livemode=who.livemode,
            dialect=dialect,
            model=model,
            allowed_models=None if who.allowed_models is None else sorted(who.allowed_models),
            name=name,
            metadata=dict(metadata),
            input_key=input_key,
            input_bytes=input_bytes,
            input_file=input_file,
            total=len(spans),
            expires_at=timezone.now() + timedelta(seconds=settings.BATCH_SECONDS),
            request_id=request.id,
            trace_id=request.trace_id,
        )
        for first in range(0, len(spans), INSERTED_AT_ONCE):
            _items_add(batch, first, spans[first : first + INSERTED_AT_ONCE])
        job_webhooks_store(webhooks, tenant_id=who.tenant_id, livemode=who.livemode, subject=batch.id)
        event_add(
            tenant_id=who.tenant_id,
            subject=batch.id,
            type="batch.created",
            data={"old": None, "new": BatchStatus.QUEUED, "total": len(spans)},
        )
        batch.refresh_from_db()
    return batch


def _items_add(batch: Batch, first: int, spans: Sequence[ItemSpan]) -> None:
    """Inserts items, thousands in one statement: COPY is not to be had under row-level security."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO generations_batchitem (tenant_id, batch_id, index, key, metadata, start, length, status)
               SELECT %s, %s, i.index, i.key, i.metadata::jsonb, i.start, i.length, 'waiting'
               FROM unnest(%s::int[], %s::text[], %s::text[], %s::bigint[], %s::int[])
                   AS i (index, key, metadata, start, length)""",
            [
                batch.tenant_id,
                batch.id,
                list(range(first, first + len(spans))),
                [span.key or str(index) for index, span in enumerate(spans, first)],
                [None if span.metadata is None else json.dumps(span.metadata) for span in spans],
                [span.start for span in spans],
                [span.length for span in spans],
            ],
        )


def batch_cancel(*, tenant_id: UUID, batch_id: UUID, livemode: bool, actor: Actor) -> Batch | None:
    """Cancels: what has not started never will; what runs is let end, since it is paid for. Repeating it is fine.

    Returns the batch, None when there is no such batch. Raises NotCancelable when it has ended.
    """
    with tenant_context(tenant_id):
        if batch_find(batch_id, livemode=livemode) is None:
            return None
        # Apart from the items, and committed: from here on no feeder takes the batch up, and whoever holds the batch's
        # row waits for no item, which a feeder may hold while it waits for the wallet.
        changed = Batch.objects.filter(id=batch_id, status__in=[BatchStatus.QUEUED, BatchStatus.RUNNING]).update(
            status=BatchStatus.CANCELING, cancel_requested_at=timezone.now()
        )
        if changed:
            audit_add(actor=actor, action="batch.canceled", tenant_id=tenant_id, target="batch", target_id=batch_id)
        else:
            batch = Batch.objects.get(id=batch_id)
            if batch.status in BATCH_ENDED:
                raise NotCancelable(batch.status, "batch")
    batch_wind_down(tenant_id=tenant_id, batch_id=batch_id, status=ItemStatus.CANCELED)
    with tenant_context(tenant_id):
        return batch_find(batch_id, livemode=livemode)


def batch_wind_down(*, tenant_id: UUID, batch_id: UUID, status: ItemStatus) -> None:
    """Ends the items that wait and the jobs that are queued, uncharged: as canceled, or as expired.

    Jobs one at a time, each in a transaction of its own: two of a tenant in one could wait in a ring with a third.
    """
    error = CANCELED if status == ItemStatus.CANCELED else EXPIRED
    with tenant_context(tenant_id):
        call("batch_items_finish", tenant_id, batch_id, status, error)
        jobs = BatchItem.objects.filter(batch_id=batch_id, status=ItemStatus.IN_PROGRESS).values("generation_id")
        queued = Generation.objects.filter(id__in=jobs, status=Status.QUEUED)
        if status == ItemStatus.EXPIRED:
            queued = queued.filter(attempts=0)
        generation_ids: list[UUID] = list(queued.values_list("id", flat=True))
    for generation_id in generation_ids:
        _finish_unrun(tenant_id, generation_id, status)


def _finish_unrun(tenant_id: UUID, generation_id: UUID, status: ItemStatus) -> None:
    with tenant_context(tenant_id):
        if status == ItemStatus.CANCELED:
            call("generation_finish_unrun", tenant_id, generation_id, Status.CANCELED, None, "batch_canceled")
        else:
            late: GenerationError = {"code": "deadline_exceeded", "message": EXPIRED["message"]}
            call("generation_finish_unrun", tenant_id, generation_id, Status.FAILED, late, "deadline_exceeded")
        transaction.on_commit(lambda: valkey.publish(valkey.ENDED, generation_id))


def item_fail(*, tenant_id: UUID, batch_id: UUID, index: int, error: Mapping[str, Any]) -> bool:
    """Fails an item that waits: it never becomes a job and costs nothing. False when it waits no more."""
    text = json.dumps(error, default=str)
    with tenant_context(tenant_id):
        return bool(call("batch_item_finish", tenant_id, batch_id, index, ItemStatus.WAITING, ItemStatus.FAILED, text))


def batch_delete(*, tenant_id: UUID, batch_id: UUID, livemode: bool, actor: Actor) -> bool:
    """Erases a batch that has ended, with its items. Its generations are the tenant's to delete.

    False when there is no such batch. Raises NotFinished for one that has not ended, LegalHoldInForce.
    """
    with tenant_context(tenant_id):
        batch = batch_find(batch_id, livemode=livemode)
        if batch is None:
            return False
        if batch.status not in BATCH_ENDED:
            raise NotFinished(batch.status, "batch")
        batch_check(tenant_id=tenant_id, batch_id=batch_id)
        BatchItem.objects.filter(batch_id=batch_id).delete()
        Batch.objects.filter(id=batch_id).update(
            deleted_at=timezone.now(), name="", metadata={}, request_id="", trace_id=""
        )
        audit_add(actor=actor, action="batch.deleted", tenant_id=tenant_id, target="batch", target_id=batch_id)
    if batch.input_file is None and batch.input_key:
        _input_erase(batch.tenant_id, batch.id, batch.input_key)
    return True


def batch_inputs_erase() -> int:
    """Deletes what was sent inline for batches that have ended: their generations keep what they were asked.

    Returns how many it came to in ERASE_SECONDS.
    """
    until = time.monotonic() + ERASE_SECONDS
    with acting_as("operator"):
        due = list(
            Batch.objects.filter(~tenant_held(), input_file=None, finished_at__isnull=False)
            .exclude(input_key="")
            .order_by("finished_at")
            .values_list("tenant_id", "id", "input_key")[:ERASED_AT_ONCE]
        )
    for count, (tenant_id, batch_id, key) in enumerate(due, 1):
        _input_erase(tenant_id, batch_id, key)
        if time.monotonic() >= until:
            return count
    return len(due)


def _input_erase(tenant_id: UUID, batch_id: UUID, key: str) -> None:
    """Deletes the bytes, then their name: a row whose bytes are gone is met again, bytes without a row never."""
    objects().delete(key)
    with tenant_context(tenant_id):
        Batch.objects.filter(id=batch_id).update(input_key="", input_bytes=0)
