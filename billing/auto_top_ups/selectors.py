from __future__ import annotations

from uuid import UUID

from billing.models import AutoTopUp
from billing.money import ZERO


def auto_top_up_of(tenant_id: UUID) -> AutoTopUp:
    """Returns what a tenant has set; switched off, unsaved, where it never set anything."""
    found: AutoTopUp | None = AutoTopUp.objects.filter(tenant_id=tenant_id).first()
    return found or auto_top_up_new(tenant_id)


def auto_top_up_new(tenant_id: UUID) -> AutoTopUp:
    """Returns terms that are switched off, unsaved."""
    return AutoTopUp(tenant_id=tenant_id, threshold=ZERO, amount=ZERO)
