"""Reads of subscriptions: which plan a tenant is on, and which it moves to."""

from __future__ import annotations

from uuid import UUID

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
