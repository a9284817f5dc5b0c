"""Tenants with what billing knows of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from accounts.models import SandboxDay, Tenant
from billing.models import Hold, Subscription, Wallet


@dataclass(frozen=True)
class TenantView:
    """`plan` is the slug of the plan that applies now; `today` what its test keys did on this day in UTC."""

    tenant: Tenant
    plan: str | None
    currency: str | None
    today: SandboxDay | None


def tenants_view(tenants: Sequence[Tenant]) -> list[TenantView]:
    """In the order given: three queries, however many they are. Inside the door of the one, or as the operator."""
    ids = [tenant.id for tenant in tenants]
    now = datetime.now(UTC)
    plans: dict[UUID, str] = {}
    subscriptions = Subscription.objects.filter(tenant_id__in=ids, starts_at__lte=now).order_by("starts_at")
    for tenant_id, slug in subscriptions.values_list("tenant_id", "plan__slug"):
        plans[tenant_id] = slug
    wallets = Wallet.objects.filter(tenant_id__in=ids, livemode=True).values_list("tenant_id", "currency")
    currencies: dict[UUID, str] = dict(wallets)
    days = {day.tenant_id: day for day in SandboxDay.objects.filter(tenant_id__in=ids, day=now.date())}
    return [
        TenantView(tenant, plans.get(tenant.id), currencies.get(tenant.id), days.get(tenant.id)) for tenant in tenants
    ]


def was_billed(tenant_id: UUID) -> bool:
    """Whether anything was ever dated by the tenant's time zone: every live job begins with a hold."""
    found: bool = Hold.objects.filter(tenant_id=tenant_id, livemode=True).exists()
    return found
