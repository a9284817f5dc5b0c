from __future__ import annotations

from uuid import UUID

from billing.models import CreditNote


def credit_notes_listed(
    *,
    tenant_id: UUID | None = None,
    invoice_id: UUID | None = None,
    legal_entity_id: UUID | None = None,
    number: str | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[CreditNote]:
    """Returns credit notes with their invoices and tenants, the newest first.

    `before` is the last id of the page before. As the operator.
    """
    rows = CreditNote.objects.select_related("invoice", "tenant").order_by("-id")
    named = {"tenant_id": tenant_id, "invoice_id": invoice_id, "legal_entity_id": legal_entity_id, "number": number}
    rows = rows.filter(**{name: value for name, value in named.items() if value is not None})
    if before is not None:
        rows = rows.filter(id__lt=before)
    return list(rows[:limit])
