from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from billing.models import ProviderEvent, ProviderPayment
from billing.providers import provider_name
from billing.providers.writing import operator_reading
from cavendish.db import ids

Status = ProviderPayment.Status
STUCK = ~Q(problem="") & Q(set_aside_at=None)
"""As the index has it; `troubles.is_stuck` says the same of a row."""
LATE = timedelta(minutes=1)
"""After which an event that waits is worth a look."""


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


def stuck_payments(among: QuerySet[ProviderPayment] | None = None) -> QuerySet[ProviderPayment]:
    """Returns payments of which the provider says what cannot be booked. Few, and an index of their own has them."""
    rows: QuerySet[ProviderPayment] = ProviderPayment.objects.all() if among is None else among
    return rows.filter(STUCK)


def owed_payments(among: QuerySet[ProviderPayment] | None = None) -> QuerySet[ProviderPayment]:
    """Returns payments that were taken back and of which the wallet has not given all, without what was waived."""
    rows: QuerySet[ProviderPayment] = ProviderPayment.objects.all() if among is None else among
    owed = rows.filter(status=Status.SUCCEEDED).exclude(taken_back=F("reversed"))
    return owed.exclude(taken_back=F("reversed") + F("waived"))


def events_about(row: ProviderPayment) -> QuerySet[ProviderEvent]:
    """Returns what the provider told of a payment or of its page."""
    named = [name for name in (row.reference, row.page_reference) if name]
    rows: QuerySet[ProviderEvent] = ProviderEvent.objects.filter(provider=row.provider, object_reference__in=named)
    return rows


def late_events() -> QuerySet[ProviderEvent]:
    """Returns events that wait for a minute or more, without those of a payment that is counted itself."""
    counted = stuck_payments().filter(provider=OuterRef("provider"), reference=OuterRef("object_reference"))
    rows: QuerySet[ProviderEvent] = ProviderEvent.objects.filter(
        state=ProviderEvent.State.RECEIVED, received_at__lt=timezone.now() - LATE
    )
    return rows.exclude(Exists(counted))


@dataclass(frozen=True)
class Unbooked:
    """How much of what the provider told is not in the books: each a decision, if time does not heal it."""

    events: int
    payments: int
    owed: int

    @property
    def sum(self) -> int:
        return self.events + self.payments + self.owed


def unbooked_read() -> Unbooked:
    """Returns the counts as the operator. Three small queries by index."""
    with operator_reading():
        return Unbooked(
            late_events().count(),
            stuck_payments().count(),
            owed_payments().exclude(STUCK).count(),
        )


def unbooked_of(tenant_id: UUID) -> Unbooked:
    """Returns a tenant's part of it, as the operator; nothing is asked where there is no provider."""
    if not provider_name():
        return Unbooked(0, 0, 0)
    owed = owed_payments().exclude(STUCK).filter(tenant_id=tenant_id)
    return Unbooked(0, stuck_payments().filter(tenant_id=tenant_id).count(), owed.count())


def events_waiting() -> QuerySet[ProviderEvent]:
    """Returns events that are not acted on yet, by the index of those that are due."""
    rows: QuerySet[ProviderEvent] = ProviderEvent.objects.filter(state=ProviderEvent.State.RECEIVED)
    return rows


def event_by_reference(reference: str) -> ProviderEvent | None:
    """Returns an event of any provider's by its id there."""
    row: ProviderEvent | None = ProviderEvent.objects.filter(reference=reference).first()
    return row
