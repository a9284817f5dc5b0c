"""Reads of tenants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import QuerySet

from accounts.billing_port import TenantTerms, billing
from accounts.models import SandboxDay, StorageUse, Tenant, TenantNote


@dataclass(frozen=True)
class TenantDetail:
    """A tenant with what the API shows beside its row; `today` is what its test keys did on this day in UTC,
    `stored` how many bytes it stores.
    """

    tenant: Tenant
    terms: TenantTerms
    today: SandboxDay | None
    stored: int = 0


def tenant_details(tenants: Sequence[Tenant]) -> list[TenantDetail]:
    """Returns the details in the order given, with four queries however many tenants there are.

    Call it in the context of the one tenant, or as the operator for several.
    """
    ids = [tenant.id for tenant in tenants]
    terms = billing().terms_of(ids)
    days = {day.tenant_id: day for day in SandboxDay.objects.filter(tenant_id__in=ids, day=datetime.now(UTC).date())}
    stored = dict(StorageUse.objects.filter(tenant_id__in=ids).values_list("tenant_id", "bytes"))
    return [
        TenantDetail(tenant, terms.get(tenant.id, TenantTerms()), days.get(tenant.id), stored.get(tenant.id, 0))
        for tenant in tenants
    ]


def tenant_notes(tenant_id: UUID) -> QuerySet[TenantNote]:
    """Returns operators' notes about the tenant, as the operator, without those that were removed."""
    notes: QuerySet[TenantNote] = TenantNote.objects.filter(tenant_id=tenant_id, removed_at=None)
    return notes.order_by("-id")
