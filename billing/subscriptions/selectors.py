"""Reads of subscriptions: which plan a tenant is on, and which it moves to."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from billing.models import Subscription


def subscription_now(*, tenant_id: UUID) -> Subscription | None:
    """The newest that has begun."""
    mine = Subscription.objects.select_related("plan").filter(tenant_id=tenant_id, starts_at__lte=timezone.now())
    found: Subscription | None = mine.order_by("-starts_at").first()
    return found


def subscription_next(*, tenant_id: UUID) -> Subscription | None:
    """The one that begins next."""
    mine = Subscription.objects.select_related("plan").filter(tenant_id=tenant_id, starts_at__gt=timezone.now())
    found: Subscription | None = mine.order_by("starts_at").first()
    return found
