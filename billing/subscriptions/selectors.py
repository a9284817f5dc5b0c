"""Reads of subscriptions: which plan a tenant is on, and which it moves to."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from billing.models import Subscription


def subscription_now(*, tenant_id: UUID) -> Subscription | None:
    """Returns the newest that has begun, with its plan."""
    mine = Subscription.objects.select_related("plan").filter(tenant_id=tenant_id, starts_at__lte=timezone.now())
    subscription: Subscription | None = mine.order_by("-starts_at").first()
    return subscription


def subscription_next(*, tenant_id: UUID) -> Subscription | None:
    """Returns the one that begins next, with its plan."""
    mine = Subscription.objects.select_related("plan").filter(tenant_id=tenant_id, starts_at__gt=timezone.now())
    subscription: Subscription | None = mine.order_by("starts_at").first()
    return subscription


@dataclass(frozen=True)
class TenantPlan:
    """The plan of a tenant now, and the one that it moves to, if any."""

    now: Subscription
    next: Subscription | None


def tenant_plans(*, plan_id: UUID | None = None, after: UUID | None = None, limit: int = 50) -> list[TenantPlan]:
    """Returns tenants with their plans in the order of the tenants' ids; `after` is the last tenant of the page before.

    With a plan: those that are on it now. As the operator.
    """
    moment = timezone.now()
    newest = Subscription.objects.filter(tenant_id=OuterRef("tenant_id"), starts_at__lte=moment).order_by("-starts_at")
    rows = Subscription.objects.filter(id=Subquery(newest.values("id")[:1])).select_related("tenant", "plan")
    if plan_id is not None:
        rows = rows.filter(plan_id=plan_id)
    if after is not None:
        rows = rows.filter(tenant_id__gt=after)
    page: list[Subscription] = list(rows.order_by("tenant_id")[:limit])
    waiting: dict[UUID, Subscription] = {}
    of_page = Subscription.objects.filter(tenant_id__in=[row.tenant_id for row in page], starts_at__gt=moment)
    for row in of_page.select_related("plan").order_by("-starts_at"):
        waiting[row.tenant_id] = row
    return [TenantPlan(row, waiting.get(row.tenant_id)) for row in page]
