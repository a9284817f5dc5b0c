from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from accounts.actor import Actor
from accounts.audit.services import audit_add
from billing.errors import InvoiceRefused
from billing.invoices.ledger_entries import invoice_book, invoice_lock, invoice_mark_paid, receivable_share, settled_of
from billing.models import Invoice, LedgerTransaction, Payment
from billing.money import minor_text
from cavendish.db.router import current_alias

MANUAL = "manual"


def payment_record(
    *, invoice_id: UUID, amount: Decimal, received_on: date, reference: str, actor: Actor, method: str = MANUAL
) -> Payment:
    """Books money that came in for an invoice; the invoice is paid when nothing is left. Parts may come one by one.

    A provider's payment that is known already is returned as it is. Raises InvoiceRefused for a draft, a void or a paid
    invoice, for more than is left, and for a reference that was recorded by hand before; ValueError for an amount that
    the currency's coins cannot pay.
    """
    with transaction.atomic(using=current_alias()):
        invoice = invoice_lock(invoice_id)
        known = Payment.objects.filter(method=method, reference=reference)
        recorded: Payment | None = known.first() if method != MANUAL else None
        if recorded is not None:
            return recorded
        if invoice.status != Invoice.Status.FINALISED:
            raise InvoiceRefused(invoice.status, number=invoice.number)
        if known.filter(invoice=invoice).exists():
            raise InvoiceRefused("payment_known", number=invoice.number)
        if amount <= 0 or amount != round(amount, invoice.digits):
            raise ValueError(f"{amount} {invoice.currency} cannot be paid.")
        settled = settled_of(invoice)
        if amount > settled.left:
            left = minor_text(settled.left, invoice.digits)
            raise InvoiceRefused("payment_too_large", number=invoice.number, currency=invoice.currency, left=left)
        share = receivable_share(invoice, settled.sum, amount)
        invoice_book(
            invoice=invoice,
            kind=LedgerTransaction.Kind.PAYMENT,
            reason=reference,
            actor=actor,
            entries={"wallet": amount - share, "receivable": share, "funding": -amount},
        )
        payment: Payment = Payment.objects.create(
            tenant_id=invoice.tenant_id,
            invoice=invoice,
            method=method,
            reference=reference,
            amount=amount,
            currency=invoice.currency,
            received_on=received_on,
            actor=str(actor),
        )
        if amount == settled.left:
            invoice_mark_paid(invoice.id, reason="payment")
        audit_add(
            actor=actor,
            action="invoice.payment_recorded",
            tenant_id=invoice.tenant_id,
            target="invoice",
            target_id=invoice.id,
            after={"amount": amount, "currency": invoice.currency, "reference": reference, "received_on": received_on},
        )
    return payment
