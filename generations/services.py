"""Writes of generations. Each opens the tenant's door itself; storage and network stay outside of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Tenant
from billing.errors import BudgetExceeded, InsufficientBalance, ModelNotInPlan
from billing.quotes import Quote, quote
from billing.selectors import allowance_left, price_book
from billing.services import budget_refusal_tell
from cavendish import valkey
from cavendish.db import ids
from cavendish.db.tenancy import tenant_door
from cavendish.storage import objects
from generations.errors import (
    DayLimitReached,
    ItemTaken,
    JobsInFlight,
    NotCancelable,
    NotFinished,
    QueueFull,
    SizeNotAllowed,
    TenantInactive,
)
from generations.intake import Intake, file_key
from generations.models import TERMINAL, File, Generation, GenerationContent, Output, Priority, Status
from generations.plan import Plan
from generations.request import MediaInfo
from generations.selectors import generation_find
from generations.tasks import ring

# Google's own time for uploads.
SDK_UPLOADS = timedelta(days=2)


def generation_quote(
    *, tenant_id: UUID, livemode: bool, plan: Plan, tier: str = "standard", covered: bool = False
) -> Quote:
    """Inside the door. `covered` counts the pictures that the tenant's plan includes and that are left now.

    Raises PriceMissing, ModelNotInPlan.
    """
    model = plan.work.model.id
    size = plan.resolution.image_size if plan.resolution else ""
    book = price_book(tenant_id=tenant_id, model=model, tier=tier, image_size=size)
    if not book.terms.allow(model):
        raise ModelNotInPlan(model=model, allowed=sorted(book.terms.allowed_models or ()))
    prices = book.prices
    if tier == "batch" and not settings.GEMINI_BATCH_SERVICE_TIER:
        # It runs upstream as every job does: that is what it costs, whatever the tenant pays.
        ordinary = price_book(tenant_id=tenant_id, model=model, tier="standard", image_size=size).prices
        prices = {kind: {**price, "cost": ordinary.get(kind, price)["cost"]} for kind, price in prices.items()}
    month = book.terms.included_images if livemode else 0
    return quote(
        plan.work,
        prices=prices if livemode else _free(prices),
        currency=book.currency,
        included_images=allowance_left(tenant_id=tenant_id, included=month) if covered and month else 0,
        included_a_month=month,
    )


def generation_submit(
    *,
    tenant_id: UUID,
    api_key_id: UUID,
    member_id: UUID | None = None,
    livemode: bool,
    plan: Plan,
    intake: Intake,
    request: Mapping[str, Any],
    metadata: Mapping[str, str],
    store: bool,
    tier: str = "standard",
    priority: Priority = Priority.INTERACTIVE,
    deadline: float | None = None,
    item: tuple[UUID, int] | None = None,
) -> UUID:
    """Accepts a generation: one transaction for its files, the job, its event and its hold; then the doorbell.

    `member_id` is the person for whom it counts; `deadline` in seconds from now; `item` the batch and the place in it
    that it is made of. Raises TenantInactive, QueueFull, JobsInFlight, ItemTaken, BudgetExceeded, InsufficientBalance,
    ModelNotInPlan, PriceMissing; then nothing of it exists, and what the intake stored is deleted.
    """
    generation_id = ids.new_id()
    try:
        with tenant_door(tenant_id):
            held = generation_quote(tenant_id=tenant_id, livemode=livemode, plan=plan, tier=tier)
            File.objects.bulk_create(intake.made)
            refusal = _submit(
                {
                    "id": str(generation_id),
                    "tenant_id": str(tenant_id),
                    "api_key_id": str(api_key_id),
                    "member_id": str(member_id) if member_id else None,
                    "livemode": livemode,
                    "model": plan.work.model.id,
                    "tier": tier,
                    "priority": int(priority),
                    "previous_id": str(intake.previous.id) if intake.previous else None,
                    "metadata": dict(metadata),
                    "store": store,
                    "image_size": plan.resolution.image_size if plan.resolution else "",
                    "aspect_ratio": plan.resolution.aspect_ratio if plan.resolution else "",
                    "estimated_bytes": plan.estimated_bytes,
                    "stored_bytes": sum(file.bytes for file in intake.made),
                    "deadline": deadline or settings.GENERATION_DEADLINE,
                    "batch": {"id": str(item[0]), "index": item[1]} if item else None,
                    "request": request,
                    "plan": plan.body,
                    "notices": plan.notices,
                    "hold": {
                        "amount": str(held.uncovered),
                        "currency": held.currency,
                        "images": plan.work.max_images,
                        "included_images": held.included_a_month,
                        "tokens": held.worst_case.total_tokens,
                        "prices": held.prices,
                    },
                }
            )
            if refusal is not None:
                raise _refused(refusal)
            transaction.on_commit(ring)
    except BudgetExceeded as refused:
        intake.discard()
        budget_refusal_tell(tenant_id=tenant_id, refusal=refused.refusal)
        raise
    except BaseException:
        intake.discard()
        raise
    return generation_id


def _submit(payload: dict[str, Any]) -> dict[str, Any] | None:
    with connection.cursor() as cursor:
        # Text on the wire, so that the driver does not parse the answer twice.
        cursor.execute("SELECT generation_submit(%s::jsonb)::text", [json.dumps(payload)])
        row = cursor.fetchone()
    return json.loads(row[0]) if row and row[0] else None


def _free(prices: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Test jobs run on the sandbox: they cost neither the tenant nor the operator anything."""
    return {kind: {**price, "price": "0", "cost": "0"} for kind, price in prices.items()}


def _refused(refusal: dict[str, Any]) -> Exception:
    match refusal["code"]:
        case "queue_full":
            return QueueFull(refusal["limit"])
        case "jobs_in_flight":
            return JobsInFlight(refusal["limit"])
        case "item_taken":
            return ItemTaken()
        case "budget_exceeded":
            return BudgetExceeded(refusal)
        case "insufficient_balance":
            return InsufficientBalance(refusal)
        case "size_not_allowed":
            return SizeNotAllowed(refusal["size"], refusal["allowed"])
        case "test_limit_reached":
            return DayLimitReached(refusal["metric"], refusal["limit"], refusal["used"])
        case code:
            return TenantInactive(code.removeprefix("tenant_"), refusal.get("reason") or "")


def generation_cancel(*, tenant_id: UUID, generation_id: UUID, livemode: bool) -> str | None:
    """Cancels: a queued generation at once, a running one by asking its worker. Repeating it is fine.

    Answers the status before, None when there is no such generation. Raises NotCancelable when it has ended otherwise.
    """
    with tenant_door(tenant_id):
        if generation_find(generation_id, livemode=livemode) is None:
            return None
        with connection.cursor() as cursor:
            cursor.execute("SELECT generation_cancel(%s, %s)", [tenant_id, generation_id])
            row = cursor.fetchone()
        was: str | None = row[0] if row else None
        if was in {Status.SUCCEEDED, Status.FAILED}:
            raise NotCancelable(was)
        if was == Status.RUNNING:
            transaction.on_commit(lambda: valkey.tell(valkey.CANCEL, generation_id))
        elif was == Status.QUEUED:
            transaction.on_commit(lambda: valkey.tell(valkey.ENDED, generation_id))
    return was


def generation_delete(*, tenant_id: UUID, generation_id: UUID, livemode: bool) -> bool:
    """Erases what was asked and what came; the job's row and its money stay, without content.

    Pictures that came inline or were fetched for it go too; uploaded files stay, they are the tenant's to delete. False
    when there is no such generation. Raises NotFinished for one that has not ended.
    """
    with tenant_door(tenant_id):
        generation = generation_find(generation_id, livemode=livemode)
        if generation is None:
            return False
        if generation.status not in TERMINAL:
            raise NotFinished(generation.status)
        keys = list(Output.objects.filter(generation_id=generation_id).values_list("storage_key", flat=True))
        Output.objects.filter(generation_id=generation_id).delete()
        brought = File.objects.filter(
            id__in=_files_in(GenerationContent.objects.get(pk=generation_id).plan), deleted_at=None
        ).exclude(source=File.Source.UPLOAD)
        keys += brought.values_list("storage_key", flat=True)
        brought.update(deleted_at=timezone.now())
        GenerationContent.objects.filter(generation_id=generation_id).update(
            request={}, plan={}, content=[], thoughts=[], grounding=None, steps=[], usage_reported=None, notices=[]
        )
        Generation.objects.filter(id=generation_id).update(deleted_at=timezone.now(), metadata={})
    for key in keys:
        objects().delete(key)
    return True


def _files_in(plan: Mapping[str, Any]) -> list[UUID]:
    """The files that a plan's steps name."""
    blocks = [block for step in plan.get("steps", ()) for block in step.get("content", ())]
    found = (ids.decode(ids.FILE, block["file_id"]) for block in blocks if "file_id" in block)
    return [file for file in found if file is not None]


def file_create(
    *,
    tenant_id: UUID,
    livemode: bool,
    name: str,
    path: Path,
    info: MediaInfo,
    file_id: UUID | None = None,
    expires: bool = False,
    resource_name: str | None = None,
) -> File:
    """Stores an uploaded file and its row. Its bytes go first: a row without bytes would be a lie, not the reverse.

    `file_id` where it was fixed before the bytes came; `expires` deletes it after the tenant's days for inputs, or
    after Google's two where the tenant has none.
    """
    file_id = file_id or ids.new_id()
    key = file_key(tenant_id, file_id)
    objects().keep(path, key)
    try:
        with tenant_door(tenant_id):
            if not livemode:
                _day_take(tenant_id, info.bytes)
            expires_at = None
            if expires:
                days = Tenant.objects.values_list("input_retention_days", flat=True).get(id=tenant_id)
                expires_at = timezone.now() + (SDK_UPLOADS if days is None else timedelta(days=days))
            file: File = File.objects.create(
                id=file_id,
                tenant_id=tenant_id,
                livemode=livemode,
                source=File.Source.UPLOAD,
                name=name,
                resource_name=resource_name,
                mime_type=info.mime_type,
                width=info.width,
                height=info.height,
                bytes=info.bytes,
                sha256=info.sha256,
                storage_key=key,
                expires_at=expires_at,
            )
            file.refresh_from_db(fields=["created_at"])
    except BaseException:
        objects().delete(key)
        raise
    return file


def _day_take(tenant_id: UUID, stored: int) -> None:
    """Inside the door: counts bytes that a test key stores. Raises DayLimitReached."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sandbox_day_take(%s, 0, %s)::text", [tenant_id, stored])
        row = cursor.fetchone()
    if row is not None and row[0] is not None:
        raise _refused(json.loads(row[0]))


def file_delete(*, tenant_id: UUID, file_id: UUID, livemode: bool) -> bool:
    """False when there is no such file. Its bytes go with it, also for generations that wait to use it."""
    with tenant_door(tenant_id):
        file = File.objects.filter(id=file_id, livemode=livemode, deleted_at=None).first()
        if file is None:
            return False
        changed = File.objects.filter(id=file_id, deleted_at=None).update(deleted_at=timezone.now())
    if changed:
        objects().delete(file.storage_key)
    return bool(changed)
