"""A checked request becomes a queued job, with the worst case held for it, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from billing.budgets.services import budget_refusal_notify
from billing.errors import BudgetExceeded, InsufficientBalance, ModelNotInPlan
from billing.prices.quotes import Quote, quote
from billing.prices.selectors import price_book
from billing.wallets.selectors import allowance_left
from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from generations.accept.inputs import Intake
from generations.accept.job_spec import JobSpec
from generations.errors import (
    DayLimitReached,
    ItemTaken,
    JobsInFlight,
    QueueFull,
    SizeNotAllowed,
    TenantInactive,
)
from generations.models import File, Priority
from generations.tasks import ring


def generation_quote(
    *, tenant_id: UUID, livemode: bool, plan: JobSpec, tier: str = "standard", covered: bool = False
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
    plan: JobSpec,
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
        with tenant_context(tenant_id):
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
        budget_refusal_notify(tenant_id=tenant_id, refusal=refused.refusal)
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
