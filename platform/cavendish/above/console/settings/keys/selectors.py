"""Reads of keys for their pages, in the tenant's context."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from accounts.models import ApiKey, AuditEvent
from billing.models import Budget

OLD = timedelta(days=365)
"""After which a secret should be changed."""
UNUSED = timedelta(days=30)
"""After which a key that was never used is probably not needed."""
LIMITS = ("requests_per_minute", "images_per_minute", "jobs_in_flight")


def keys_of(tenant_id: UUID, *, livemode: bool) -> QuerySet[ApiKey]:
    rows: QuerySet[ApiKey] = ApiKey.objects.filter(tenant_id=tenant_id, livemode=livemode).select_related("member")
    return rows


def keys_working(tenant_id: UUID) -> list[ApiKey]:
    """Returns the keys of both modes that work now, without those of the console."""
    rows = ApiKey.objects.filter(tenant_id=tenant_id, revoked_at=None, is_console=False)
    return list(rows.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now())).order_by("-id"))


def with_budget(tenant_id: UUID, key_ids: Collection[UUID]) -> set[UUID]:
    """Returns which of these keys have a budget of their own."""
    rows = Budget.objects.filter(tenant_id=tenant_id, scope=Budget.Scope.KEY, scope_id__in=key_ids)
    return set(rows.values_list("scope_id", flat=True))


def secrets_since(tenant_id: UUID, keys: Collection[ApiKey]) -> dict[UUID, datetime]:
    """Returns since when each key has had its secret: since its last rotation, else since it was made."""
    rows = AuditEvent.objects.filter(
        tenant_id=tenant_id, action="api_key.rotated", target_id__in=[key.id.hex for key in keys]
    )
    rotated: dict[str, Any] = dict(rows.values("target_id").annotate(at=Max("at")).values_list("target_id", "at"))
    return {key.id: rotated.get(key.id.hex, key.created_at) for key in keys}


def is_limited(key: ApiKey) -> bool:
    """Returns whether the key has a limit of its own, beside those of the tenant."""
    return any(getattr(key, name) for name in LIMITS)
