"""A row in each of the invoices' tables."""

from __future__ import annotations

from django.utils import timezone

from accounts.models import Tenant
from billing.models import (
    BillingProfile,
    CreditNote,
    CreditNoteLine,
    DunningStep,
    Invoice,
    InvoiceDocument,
    InvoiceLine,
    LedgerTransaction,
    LegalEntity,
    Payment,
    Receipt,
    UsageAnomaly,
)


def invoiced(tenant: Tenant) -> tuple[Invoice, CreditNote, Receipt]:
    today = timezone.now().date()
    entity, _ = LegalEntity.objects.get_or_create(name="Filled", defaults={"address": "Somewhere 1"})
    BillingProfile.objects.create(tenant=tenant, legal_entity=entity)
    invoice = Invoice.objects.create(
        tenant=tenant, month=today.replace(day=1), timezone="UTC", currency="USD", digits=2, legal_entity=entity,
        number=f"Filled-{entity.credit_notes_issued + 1}",
    )  # fmt: skip
    entry = LedgerTransaction.objects.filter(tenant=tenant).first()
    line = InvoiceLine.objects.create(
        tenant=tenant, invoice=invoice, number=1, type="adjustment", exact=1, amount=1, ledger_transaction_id=entry.id
    )
    Payment.objects.create(
        tenant=tenant, invoice=invoice, reference="x", amount=1, currency="USD", received_on=today, actor="test"
    )
    entity.credit_notes_issued += 1
    entity.save(update_fields=["credit_notes_issued"])
    note = CreditNote.objects.create(
        tenant=tenant, invoice=invoice, legal_entity=entity, series_number=entity.credit_notes_issued, reason="x",
        number=f"CN-{entity.credit_notes_issued}", net=1, tax=0, total=1, to_due=1, to_balance=0, issued_on=today,
        issuer={}, customer={}, actor="test",
    )  # fmt: skip
    CreditNoteLine.objects.create(tenant=tenant, credit_note=note, invoice_line=line, amount=1)
    receipt = Receipt.objects.create(
        tenant=tenant, legal_entity=entity, series_number=entity.credit_notes_issued, amount=1, currency="USD",
        number=f"RC-{entity.credit_notes_issued}", ledger_transaction_id=entry.id, received_at=timezone.now(),
        issued_on=today, issuer={}, customer={},
    )  # fmt: skip
    for subject in (invoice.id, note.id, receipt.id):  # so that the scheduler has none to make
        InvoiceDocument.objects.create(
            subject_id=subject, tenant=tenant, storage_key=f"tenants/{tenant.id.hex}/x", sha256="0" * 64, bytes=1
        )
    # of other days than the other tenant's, which are taken with its invoice
    DunningStep.objects.create(tenant=tenant, invoice=invoice, kind="reminder", days=entity.credit_notes_issued)
    UsageAnomaly.objects.create(tenant=tenant, billing_date=today, used=9, usual=1, limit=2, currency="USD")
    return invoice, note, receipt
