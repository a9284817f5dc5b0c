from __future__ import annotations

from datetime import date
from uuid import UUID

from billing.models import Payment


def payments_listed(
    *,
    tenant_id: UUID | None = None,
    invoice_id: UUID | None = None,
    method: str | None = None,
    reference: str | None = None,
    received_from: date | None = None,
    received_until: date | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[Payment]:
    """Returns payments with their invoices and tenants, the newest first; both days belong to the span.

    `before` is the last id of the page before. As the operator.
    """
    rows = Payment.objects.select_related("invoice", "tenant").order_by("-id")
    named = {"tenant_id": tenant_id, "invoice_id": invoice_id, "method": method, "reference": reference}
    rows = rows.filter(**{name: value for name, value in named.items() if value is not None})
    if received_from is not None:
        rows = rows.filter(received_on__gte=received_from)
    if received_until is not None:
        rows = rows.filter(received_on__lte=received_until)
    if before is not None:
        rows = rows.filter(id__lt=before)
    return list(rows[:limit])
