"""Voiding: how an issued invoice on which nothing was paid is corrected. Decision 0012 says why it works like this."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.audit import audit_add
from billing.invoices.booking import invoice_book, invoice_lock
from billing.invoices.closing import invoices_draft
from billing.invoices.refusals import refused
from billing.models import CreditNote, Invoice, LedgerTransaction, Payment
from cavendish.db.router import current_alias
from cavendish.events.services import event_add


def invoice_void(*, invoice_id: UUID, reason: str, actor: Actor) -> Invoice:
    """Takes an issued invoice back and drafts its month again; the void one keeps its number. Answers the new draft.

    What it had taken from the balance goes back. The draft waits for somebody to finalise it. Raises InvoiceRefused for
    a draft, a void one, and where a payment or a credit note stands against it.
    """
    with transaction.atomic(using=current_alias()):
        invoice = invoice_lock(invoice_id)
        if invoice.status in {Invoice.Status.DRAFT, Invoice.Status.VOID}:
            raise refused(invoice.status, {"number": invoice.number})
        if (
            Payment.objects.filter(invoice=invoice).exists()
            or CreditNote.objects.filter(invoice_id=invoice.id).exists()
        ):
            raise refused("settled", {"number": invoice.number})
        rounding = invoice.net - invoice.exact
        try:
            invoice_book(
                invoice=invoice,
                kind=LedgerTransaction.Kind.INVOICE,
                reason=reason,
                actor=actor,
                entries={
                    "wallet": rounding + invoice.tax - invoice.receivable,
                    "receivable": invoice.receivable,
                    "tax": -invoice.tax,
                    "rounding": -rounding,
                },
            )
        except IntegrityError:
            raise refused("balance_too_low", {"number": invoice.number}) from None
        was = invoice.status
        Invoice.objects.filter(id=invoice.id).update(
            status=Invoice.Status.VOID, voided_at=timezone.now(), void_reason=reason
        )
        event_add(
            tenant_id=invoice.tenant_id,
            subject=invoice.id,
            type="invoice.voided",
            data={"old": was, "new": "void", "number": invoice.number, "reason": reason},
        )
        audit_add(
            actor=actor,
            action="invoice.voided",
            tenant_id=invoice.tenant_id,
            target="invoice",
            target_id=invoice.id,
            before={"status": was},
            after={"status": "void", "number": invoice.number, "reason": reason},
        )
        invoices_draft(month=invoice.month, tenant_id=invoice.tenant_id)
        drafted: Invoice = Invoice.objects.get(
            tenant_id=invoice.tenant_id, month=invoice.month, status=Invoice.Status.DRAFT
        )
    return drafted
