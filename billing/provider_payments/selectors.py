from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from billing.models import ProviderEvent, ProviderPayment
from billing.providers import provider_name
from billing.providers.writing import operator_reading
from cavendish.db import ids

Status = ProviderPayment.Status


def payments_of(tenant_id: UUID) -> QuerySet[ProviderPayment]:
    """Returns what was asked for at a provider, in the tenant's context or as the operator."""
    rows: QuerySet[ProviderPayment] = ProviderPayment.objects.filter(tenant_id=tenant_id)
    return rows.select_related("method")


def top_ups_of(tenant_id: UUID) -> QuerySet[ProviderPayment]:
    return payments_of(tenant_id).exclude(purpose=ProviderPayment.Purpose.INVOICE)


def payment_by_reference(reference: str) -> ProviderPayment | None:
    return _one(reference=reference) if reference else None


def payment_by_page(reference: str) -> ProviderPayment | None:
    return _one(page_reference=reference) if reference else None


def payment_by_order(order_id: str) -> ProviderPayment | None:
    """Returns the payment whose id we gave the provider."""
    found = ids.decode(ids.PROVIDER_PAYMENT, order_id)
    return _one(id=found) if found else None


def _one(**what: object) -> ProviderPayment | None:
    with operator_reading():
        row: ProviderPayment | None = ProviderPayment.objects.filter(provider=provider_name(), **what).first()
    return row


def newest_event_at() -> datetime | None:
    with operator_reading():
        newest = ProviderEvent.objects.filter(provider=provider_name()).order_by("-happened_at")
        found: datetime | None = newest.values_list("happened_at", flat=True).first()
    return found
