from __future__ import annotations

from uuid import UUID

from billing.models import AutoTopUp


def auto_top_up_of(tenant_id: UUID) -> AutoTopUp:
    """Returns what a tenant has set; switched off, unsaved, where it never set anything."""
    found: AutoTopUp | None = AutoTopUp.objects.filter(tenant_id=tenant_id).first()
    return found or AutoTopUp(tenant_id=tenant_id)
