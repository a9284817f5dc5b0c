"""What payments, credit notes and voids share: the invoice's lock, what is left of it, its entries in the ledger.

Locks are taken in this order by everybody: invoice, period, wallet, legal entity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import connections
from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.utils import timezone

from accounts.actor import Actor
from billing.errors import InvoiceRefused
from billing.ledger.services import dues_lock
from billing.models import CreditNote, Invoice, Payment
from billing.money import ZERO
from cavendish.db.call import call, call_row
from cavendish.db.router import current_alias


def invoice_lock(invoice_id: UUID) -> Invoice:
    """Returns the invoice under its row's lock, and those of its tenant that are not paid under theirs.

    All of them, for what is paid or credited beyond one goes into the balance and pays the others. Raises
    InvoiceRefused when there is none.
    """
    tenant_id = Invoice.objects.filter(id=invoice_id).values_list("tenant_id", flat=True).first()
    if tenant_id is None:
        raise InvoiceRefused("not_found")
    dues_lock(tenant_id, also=invoice_id)
    invoice: Invoice | None = Invoice.objects.filter(id=invoice_id).first()
    if invoice is None:  # an empty draft that was dropped meanwhile
        raise InvoiceRefused("not_found")
    return invoice


@dataclass(frozen=True)
class Settled:
    """How much of what was due was paid, how much credited, and what is left of it."""

    paid: Decimal
    credited: Decimal
    left: Decimal

    @classmethod
    def of(cls, invoice: Invoice, *, paid: Decimal, credited: Decimal) -> Settled:
        left = ZERO if invoice.status == Invoice.Status.VOID else invoice.amount_due - paid - credited
        return cls(paid=paid, credited=credited, left=left)

    @property
    def sum(self) -> Decimal:
        return self.paid + self.credited


def settled_of(invoice: Invoice) -> Settled:
    paid = Payment.objects.filter(invoice_id=invoice.id).aggregate(sum=Sum("amount"))["sum"] or ZERO
    credited = CreditNote.objects.filter(invoice_id=invoice.id).aggregate(sum=Sum("to_due"))["sum"] or ZERO
    return Settled.of(invoice, paid=paid, credited=credited)


def payments_standing(invoice_id: UUID) -> QuerySet[Payment]:
    """Returns an invoice's payments that were not taken back."""
    reversals = Payment.objects.filter(reverses_id=OuterRef("id"))
    rows: QuerySet[Payment] = Payment.objects.filter(invoice_id=invoice_id, reverses_id=None)
    return rows.exclude(Exists(reversals))


def receivable_share(invoice: Invoice, settled: Decimal, amount: Decimal) -> Decimal:
    """Returns how much of `amount` pays what the wallet could not carry; that is paid first, the wallet after it."""
    return min(settled + amount, invoice.receivable) - min(settled, invoice.receivable)


def invoice_book(*, invoice: Invoice, kind: str, reason: str, actor: Actor, entries: Mapping[str, Decimal]) -> None:
    """Books a transaction of the ledger that belongs to an invoice; `entries` by account sum to zero."""
    amounts = {account: str(amount) for account, amount in entries.items()}
    call("invoice_book", invoice.tenant_id, invoice.id, kind, reason[:300], str(actor), invoice.currency, amounts)


def invoice_mark_paid(invoice_id: UUID, *, reason: str) -> None:
    call("invoice_mark_paid", invoice_id, reason)


def invoice_reopen(invoice_id: UUID) -> None:
    """Makes a paid invoice one that is to be paid, where a payment that was taken back leaves something."""
    call("invoice_reopen", invoice_id)


@dataclass(frozen=True)
class Assigned:
    """A number: of which series, how it is written, and the date of the document that has it."""

    series: str
    series_number: int
    number: str
    issued_on: date


def number_assign(*, legal_entity_id: UUID, document: str, now: datetime | None = None) -> Assigned:
    """Returns the next number of a company's documents; call it last, it locks the company's row."""
    row = call_row("number_assign", legal_entity_id, document, now or timezone.now())
    assert row is not None
    return Assigned(**row)


def today_of(invoice: Invoice) -> date:
    """Returns the date in the tenant's time zone."""
    with connections[current_alias()].cursor() as cursor:
        cursor.execute("SELECT (%s AT TIME ZONE %s)::date", [timezone.now(), invoice.timezone])
        today: date = cursor.fetchone()[0]
    return today
