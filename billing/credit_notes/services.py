"""Credit notes: an issued invoice taken back, whole or by lines, never by more than is left of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from accounts.actor import Actor
from accounts.audit.services import audit_add
from accounts.idempotency import note_created
from billing.errors import InvoiceRefused
from billing.invoices.ledger_entries import (
    Settled,
    invoice_book,
    invoice_lock,
    invoice_mark_paid,
    number_assign,
    receivable_share,
    settled_of,
)
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine, LedgerTransaction, NumberSeries
from billing.money import ZERO, minor_amount, minor_text
from cavendish.db.router import current_alias
from cavendish.events.services import event_add


def credit_note_issue(
    *,
    invoice_id: UUID,
    reason: str,
    actor: Actor,
    lines: Mapping[int, Decimal] | None = None,
    now: datetime | None = None,
) -> CreditNote:
    """Credits amounts of lines (by their numbers, before tax), or without `lines` all that is left of the invoice.

    The tax goes back in proportion, its last cent with the last line. What is still due is lowered first; what was paid
    goes back into the balance. Raises InvoiceRefused for a draft or a void invoice, for a line that it does not have,
    and for more than is left of a line.
    """
    with transaction.atomic(using=current_alias()):
        invoice = invoice_lock(invoice_id)
        if invoice.status in {Invoice.Status.DRAFT, Invoice.Status.VOID}:
            raise InvoiceRefused(invoice.status, number=invoice.number)
        left = lines_left(invoice)
        amounts = _amounts(invoice, left, lines)
        net = sum(amounts.values(), ZERO)
        if net <= 0:
            raise InvoiceRefused("nothing_left", number=invoice.number)
        is_rest = all(left[number] == amounts.get(number, ZERO) for number in left)
        tax = _tax(invoice, net, is_rest=is_rest)
        note = _issue(invoice, settled_of(invoice), net=net, tax=tax, reason=reason, actor=actor, now=now)
        numbers = dict(InvoiceLine.objects.filter(invoice=invoice).values_list("number", "id"))
        CreditNoteLine.objects.bulk_create(
            CreditNoteLine(
                tenant_id=invoice.tenant_id, credit_note=note, invoice_line_id=numbers[number], amount=amount
            )
            for number, amount in sorted(amounts.items())
        )
    return note


def lines_left(invoice: Invoice) -> dict[int, Decimal]:
    """Returns what no credit note has taken back yet, by the line's number."""
    credited: dict[int, Decimal] = dict(
        CreditNoteLine.objects.filter(credit_note__invoice=invoice)
        .values("invoice_line__number")
        .annotate(sum=Sum("amount"))
        .values_list("invoice_line__number", "sum")
    )
    amounts = InvoiceLine.objects.filter(invoice=invoice).values_list("number", "amount")
    return {number: amount - credited.get(number, ZERO) for number, amount in amounts}


def _amounts(invoice: Invoice, left: Mapping[int, Decimal], lines: Mapping[int, Decimal] | None) -> dict[int, Decimal]:
    if lines is None:
        return {number: amount for number, amount in left.items() if amount}
    for number, amount in lines.items():
        if number not in left:
            raise InvoiceRefused("line_unknown", number=invoice.number, line=number)
        # a line in the tenant's favour is negative, and is taken back in its own direction
        fits = ZERO < amount <= left[number] or left[number] <= amount < ZERO
        if not fits or amount != round(amount, invoice.digits):
            text = minor_text(left[number], invoice.digits)
            raise InvoiceRefused(
                "line_exceeded", number=invoice.number, line=number, left=text, currency=invoice.currency
            )
    return dict(lines)


def _tax(invoice: Invoice, net: Decimal, *, is_rest: bool) -> Decimal:
    """Returns the tax on `net`; with the rest of the invoice the rest of its tax."""
    before = CreditNote.objects.filter(invoice=invoice).aggregate(sum=Sum("tax"))["sum"] or ZERO
    left: Decimal = invoice.tax - before
    if is_rest:
        return left
    share = net * (invoice.tax_rate or ZERO) / 100
    return min(minor_amount(share, invoice.digits), left)


def _issue(
    invoice: Invoice,
    settled: Settled,
    *,
    net: Decimal,
    tax: Decimal,
    reason: str,
    actor: Actor,
    now: datetime | None,
) -> CreditNote:
    total = net + tax
    to_due = min(total, max(settled.left, ZERO))
    share = receivable_share(invoice, settled.sum, to_due)
    invoice_book(
        invoice=invoice,
        kind=LedgerTransaction.Kind.CREDIT_NOTE,
        reason=reason,
        actor=actor,
        entries={"wallet": total - share, "receivable": share, "revenue": -net, "tax": -tax},
    )
    assert invoice.legal_entity_id is not None
    assigned = number_assign(
        legal_entity_id=invoice.legal_entity_id, document=NumberSeries.Document.CREDIT_NOTES, now=now
    )
    note: CreditNote = CreditNote.objects.create(
        tenant_id=invoice.tenant_id,
        invoice=invoice,
        legal_entity_id=invoice.legal_entity_id,
        series=assigned.series,
        series_number=assigned.series_number,
        number=assigned.number,
        reason=reason,
        net=net,
        tax=tax,
        total=total,
        to_due=to_due,
        to_balance=total - to_due,
        issued_on=assigned.issued_on,
        issuer=invoice.issuer,
        customer=invoice.customer,
        actor=str(actor),
    )
    note_created(note.id)
    if invoice.status == Invoice.Status.FINALISED and to_due == settled.left:
        invoice_mark_paid(invoice.id, reason="credit_note")
    event_add(
        tenant_id=invoice.tenant_id,
        subject=invoice.id,
        type="invoice.credited",
        data={"credit_note": note.number, "number": invoice.number, "total": str(total), "currency": invoice.currency},
    )
    audit_add(
        actor=actor,
        action="credit_note.issued",
        tenant_id=invoice.tenant_id,
        target="invoice",
        target_id=invoice.id,
        after={"number": note.number, "total": total, "currency": invoice.currency, "reason": reason},
    )
    return note
