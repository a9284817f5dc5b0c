"""Marks of tenants whose invoices are overdue: reminded, live keys at rest. Billing sets them, as the operator.

They stand beside the tenant's status: what an operator suspends for another reason stays suspended, and the other way
round. Test keys are not meant by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.actor import SYSTEM
from accounts.audit.services import audit_add
from accounts.models import Tenant
from cavendish.events.services import event_add


def payment_remind(*, tenant_id: UUID, invoice: Mapping[str, Any], at: datetime) -> None:
    """Notes that a reminder about `invoice` was sent."""
    Tenant.objects.filter(id=tenant_id, payment_reminded_at=None).update(payment_reminded_at=at)
    _audit("payment_reminded", tenant_id, after=invoice)


def payment_suspend(*, tenant_id: UUID, invoice: Mapping[str, Any], at: datetime) -> None:
    """Lets the tenant's live keys make nothing new, unless they may not already."""
    Tenant.objects.filter(id=tenant_id, payment_reminded_at=None).update(payment_reminded_at=at)
    if Tenant.objects.filter(id=tenant_id, payment_suspended_at=None).update(payment_suspended_at=at):
        _audit("payment_suspended", tenant_id, after=invoice)
        event_add(tenant_id=tenant_id, subject=tenant_id, type="tenant.payment_suspended", data=invoice)


def payment_settle(*, tenant_id: UUID, resumes: bool, is_clear: bool) -> None:
    """Lifts the suspension (`resumes`), and the mark of a reminder where nothing is overdue any more (`is_clear`)."""
    if resumes and Tenant.objects.filter(id=tenant_id).exclude(payment_suspended_at=None).update(
        payment_suspended_at=None
    ):
        _audit("payment_resumed", tenant_id, after={})
        event_add(tenant_id=tenant_id, subject=tenant_id, type="tenant.payment_resumed", data={})
    if is_clear:
        Tenant.objects.filter(id=tenant_id).update(payment_reminded_at=None)


def _audit(done: str, tenant_id: UUID, *, after: Mapping[str, Any]) -> None:
    audit_add(
        actor=SYSTEM, action=f"tenant.{done}", tenant_id=tenant_id, target="tenant", target_id=tenant_id, after=after
    )
