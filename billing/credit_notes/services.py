"""Credit notes: an issued invoice taken back, whole or by lines, never by more than is left of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, ROUND_FLOOR, Decimal
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
from billing.ledger.services import dues_settle, wallet_lock
from billing.models import CreditNote, CreditNoteLine, Invoice, LedgerTransaction, NumberSeries
from billing.money import SHARE, ZERO, minor_amount, minor_text
from cavendish.db.call import call, call_rows
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
    goes back into the balance. What was refunded of its charges is not given back again. Raises InvoiceRefused for a
    draft or a void invoice, for a line that it does not have, and for more than is left of a line or of the whole.
    """
    with transaction.atomic(using=current_alias()):
        invoice = invoice_lock(invoice_id)
        if invoice.status in {Invoice.Status.DRAFT, Invoice.Status.VOID}:
            raise InvoiceRefused(invoice.status, number=invoice.number)
        wallet_lock(tenant_id=invoice.tenant_id, livemode=True)  # refunds take of the same charges under it
        left = invoice_remainder(invoice)
        amounts = _amounts(invoice, left, lines)
        net = sum(amounts.values(), ZERO)
        if net <= 0:
            raise InvoiceRefused("nothing_left", number=invoice.number)
        is_rest = left.is_whole and all(left.amount(number) == amounts.get(number, ZERO) for number in left.lines)
        tax = _tax(invoice, net, is_rest=is_rest)
        note = _issue(invoice, settled_of(invoice), net=net, tax=tax, reason=reason, actor=actor, now=now)
        CreditNoteLine.objects.bulk_create(
            CreditNoteLine(
                tenant_id=invoice.tenant_id,
                credit_note=note,
                invoice_line_id=left.lines[number].line_id,
                amount=amount,
                kept=left.lines[number].kept_after(amount),
            )
            for number, amount in sorted(amounts.items())
        )
        if note.to_balance:
            dues_settle(tenant_id=invoice.tenant_id, actor=actor)
    return note


@dataclass(frozen=True)
class LineLeft:
    """What of a line was neither credited nor refunded: exactly, and in coins, which sum to the invoice's."""

    line_id: int
    kept: Decimal
    exact: Decimal
    amount: Decimal

    def kept_after(self, amount: Decimal) -> Decimal:
        """Returns how much of the line is left by a note with this amount of it."""
        if amount == self.amount or not self.exact:
            return ZERO
        return max(self.kept * (1 - amount / self.exact), ZERO).quantize(SHARE, rounding=ROUND_DOWN)


@dataclass(frozen=True)
class InvoiceLeft:
    """What of an invoice is left to be credited, before tax, by the lines' numbers.

    `is_whole` says that no refund outside of the invoice has lowered it, so that the rest of it is the rest of its tax.
    """

    lines: Mapping[int, LineLeft]
    net: Decimal
    is_whole: bool

    def amount(self, number: int) -> Decimal:
        """Returns how much one note may take of a line: never more than is left of the whole."""
        return min(self.lines[number].amount, self.net)


def invoice_remainder(invoice: Invoice) -> InvoiceLeft:
    """Returns what neither credit notes nor refunds of its charges have given back of an invoice."""
    rows = call_rows("invoice_left", invoice.id)
    exact_net: Decimal = call("invoice_net_left", invoice.id)
    net = max(exact_net.quantize(Decimal(1).scaleb(-invoice.digits), rounding=ROUND_FLOOR), ZERO)
    coins = {row["number"]: minor_amount(row["exact"], invoice.digits) if net else ZERO for row in rows}
    if coins:
        # what rounding the lines one by one makes goes to the largest of them
        largest = max(coins, key=lambda number: coins[number])
        coins[largest] += net - sum(coins.values(), ZERO)
    credited = CreditNote.objects.filter(invoice=invoice).aggregate(sum=Sum("net"))["sum"] or ZERO
    lines = {row["number"]: LineLeft(row["line_id"], row["kept"], row["exact"], coins[row["number"]]) for row in rows}
    return InvoiceLeft(lines, net, is_whole=exact_net == invoice.net - credited)


def lines_left(invoice: Invoice) -> dict[int, Decimal]:
    """Returns what a note may take of each line, by the line's number."""
    left = invoice_remainder(invoice)
    return {number: left.amount(number) for number in left.lines}


def _amounts(invoice: Invoice, left: InvoiceLeft, lines: Mapping[int, Decimal] | None) -> dict[int, Decimal]:
    if lines is None:
        return {number: line.amount for number, line in left.lines.items() if line.amount}
    for number, amount in lines.items():
        if number not in left.lines:
            raise InvoiceRefused("line_unknown", number=invoice.number, line=number)
        # a line in the tenant's favour is negative, and is taken back in its own direction
        most = left.amount(number)
        fits = ZERO < amount <= most or most <= amount < ZERO
        if not fits or amount != round(amount, invoice.digits):
            text = minor_text(most, invoice.digits)
            raise InvoiceRefused(
                "line_exceeded", number=invoice.number, line=number, left=text, currency=invoice.currency
            )
    if sum(lines.values(), ZERO) > left.net:
        text = minor_text(left.net, invoice.digits)
        raise InvoiceRefused("credit_exceeded", number=invoice.number, left=text, currency=invoice.currency)
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
