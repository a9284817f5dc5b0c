"""Which acts an invoice allows now, and why not, in the words in which the act itself would be refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from billing.credit_notes.services import lines_left
from billing.errors import InvoiceRefused
from billing.invoices.mails import recipients
from billing.invoices.selectors import FullInvoice
from billing.models import Invoice
from cavendish.db.call import call, call_row

Status = Invoice.Status


@dataclass(frozen=True)
class InvoiceActions:
    """Each act: None where it is possible, else its refusal, whose `str()` says why not.

    A void can still be refused where the balance has been used since (`balance_too_low`), a payment from the balance
    where no money is free: that their previews show.
    """

    finalise: InvoiceRefused | None
    send: InvoiceRefused | None
    void: InvoiceRefused | None
    credit_note: InvoiceRefused | None
    payment: InvoiceRefused | None
    from_balance: InvoiceRefused | None


def invoice_actions(full: FullInvoice, *, now: datetime | None = None) -> InvoiceActions:
    """Returns what can be done with an invoice; as the operator."""
    invoice = full.invoice
    is_issued = invoice.status not in {Status.DRAFT, Status.VOID}
    unissued = None if is_issued else InvoiceRefused(invoice.status, number=invoice.number)
    unpayable = None if invoice.status == Status.FINALISED else InvoiceRefused(invoice.status, number=invoice.number)
    return InvoiceActions(
        finalise=_finalise(full, now or timezone.now()),
        send=_send(invoice),
        void=unissued
        or (InvoiceRefused("settled", number=invoice.number) if full.standing or full.credit_notes else None),
        credit_note=unissued
        or (None if any(lines_left(invoice).values()) else InvoiceRefused("nothing_left", number=invoice.number)),
        payment=unpayable,
        from_balance=unpayable,
    )


def _finalise(full: FullInvoice, now: datetime) -> InvoiceRefused | None:
    invoice = full.invoice
    if invoice.status != Status.DRAFT:
        return InvoiceRefused("not_draft", status=invoice.status, number=invoice.number)
    ends: datetime = call("month_bounds", invoice.month, invoice.timezone)
    if now < ends:
        return InvoiceRefused("period_open", ends_at=ends.isoformat())
    parties = call_row("invoice_parties", invoice.tenant_id)
    if parties is None or parties["legal_entity_id"] is None:
        return InvoiceRefused("no_legal_entity")
    if not full.lines and not settings.INVOICE_EMPTY_MONTHS:
        return InvoiceRefused("empty")
    return None


def _send(invoice: Invoice) -> InvoiceRefused | None:
    if invoice.number is None:
        return InvoiceRefused("draft")
    return None if recipients(invoice.tenant_id) else InvoiceRefused("nobody_to_send_to")
