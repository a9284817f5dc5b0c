from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from billing.models import PaymentMethod


def payment_methods_of(tenant_id: UUID) -> QuerySet[PaymentMethod]:
    """Returns the methods that can be used, in the tenant's context or as the operator."""
    rows: QuerySet[PaymentMethod] = PaymentMethod.objects.filter(tenant_id=tenant_id, removed_at=None)
    return rows


def default_method_of(tenant_id: UUID) -> PaymentMethod | None:
    return payment_methods_of(tenant_id).filter(is_default=True).first()
