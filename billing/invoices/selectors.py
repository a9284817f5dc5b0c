"""Reads of invoices, in a tenant's context or as the operator."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connections
from django.db.models import DateField, F, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from accounts.models import Tenant
from billing.currencies import is_currency, minor_units
from billing.invoices.ledger_entries import Settled
from billing.models import BillingProfile, CreditNote, CreditNoteLine, Invoice, InvoiceLine, Payment, Wallet
from billing.money import ZERO, minor_amount
from cavendish.db import ids
from cavendish.db.call import call_row, call_rows
from cavendish.db.router import current_alias

OVERDUE = "overdue"
"""The status that is shown of a final invoice whose last day to pay is over in its time zone; no row has it."""


def invoices_overdue_of(rows: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """Narrows rows to those that are overdue."""
    today = RawSQL("(%s AT TIME ZONE billing_invoice.timezone)::date", [timezone.now()], output_field=DateField())
    return rows.annotate(today=today).filter(status=Invoice.Status.FINALISED, due_on__lt=F("today"))


@dataclass
class FullInvoice:
    """An invoice with its lines, payments (and what took some of them back) and credit notes, and the one that stands
    in its place if it is void.
    """

    invoice: Invoice
    lines: list[InvoiceLine]
    payments: list[Payment]
    credit_notes: list[CreditNote]
    replaced_by: UUID | None = None
    net_left: Decimal = ZERO
    """What credit notes can still take back, before tax."""

    @property
    def status(self) -> str:
        """Returns the status as people read it: a final invoice with something left past its day is `overdue`."""
        invoice = self.invoice
        if invoice.status != Invoice.Status.FINALISED or invoice.due_on is None or self.settled.left <= 0:
            return invoice.status
        today = timezone.now().astimezone(ZoneInfo(invoice.timezone)).date()
        return OVERDUE if today > invoice.due_on else invoice.status

    @property
    def received(self) -> list[Payment]:
        """Returns the payments, those that were taken back among them."""
        return [payment for payment in self.payments if payment.reverses_id is None]

    def reversal_of(self, payment: Payment) -> Payment | None:
        return next((row for row in self.payments if row.reverses_id == payment.id), None)

    @property
    def standing(self) -> list[Payment]:
        """Returns the payments that were not taken back."""
        return [payment for payment in self.received if self.reversal_of(payment) is None]

    @property
    def credited(self) -> Decimal:
        """Returns what credit notes took back: off what was due, or into the balance."""
        return sum((note.total for note in self.credit_notes), ZERO)

    @property
    def settled(self) -> Settled:
        paid = sum((payment.amount for payment in self.payments), ZERO)
        credited = sum((note.to_due for note in self.credit_notes), ZERO)
        return Settled.of(self.invoice, paid=paid, credited=credited)


def invoice_find(invoice_id: UUID) -> Invoice | None:
    invoice: Invoice | None = Invoice.objects.filter(id=invoice_id).first()
    return invoice


def invoice_lines(invoice: Invoice) -> list[InvoiceLine]:
    return list(InvoiceLine.objects.filter(invoice_id=invoice.id).order_by("number"))


def replaced_of(invoice: Invoice) -> tuple[str, date] | None:
    """Returns number and day of the void invoice in whose place this one stands; None where there is none."""
    if invoice.replaces_id is None:
        return None
    void: tuple[str, date] = Invoice.objects.values_list("number", "issued_on").get(id=invoice.replaces_id)
    return void


def credit_note_lines(note: CreditNote) -> list[CreditNoteLine]:
    """Returns a note's lines with their invoice lines, in their order."""
    rows = CreditNoteLine.objects.filter(credit_note_id=note.id).select_related("invoice_line")
    return list(rows.order_by("invoice_line__number"))


def invoice_detail(invoice: Invoice) -> FullInvoice:
    return invoices_load([invoice])[0]


def invoices_load(invoices: Sequence[Invoice]) -> list[FullInvoice]:
    """Returns invoices with their parts in the order given; four statements, however many there are."""
    left = _net_left(invoices)
    full = {row.id: FullInvoice(row, [], [], [], net_left=left.get(row.id, ZERO)) for row in invoices}
    for line in InvoiceLine.objects.filter(invoice_id__in=full).order_by("invoice_id", "number"):
        full[line.invoice_id].lines.append(line)
    for payment in Payment.objects.filter(invoice_id__in=full).order_by("id"):
        full[payment.invoice_id].payments.append(payment)
    for note in CreditNote.objects.filter(invoice_id__in=full).order_by("id"):
        full[note.invoice_id].credit_notes.append(note)
    void = [invoice.id for invoice in invoices if invoice.status == Invoice.Status.VOID]
    if void:
        for old, new in Invoice.objects.filter(replaces_id__in=void).order_by("id").values_list("replaces_id", "id"):
            full[old].replaced_by = new
    return list(full.values())


def _net_left(invoices: Sequence[Invoice]) -> dict[UUID, Decimal]:
    """Returns what is left of issued invoices to be credited, in whole coins."""
    issued = [row.id for row in invoices if row.status in {Invoice.Status.FINALISED, Invoice.Status.PAID}]
    return {row["id"]: row["amount"] for row in call_rows("invoices_creditable", issued)} if issued else {}


def invoice_preview(tenant: Tenant, *, month: date | None = None, now: datetime | None = None) -> FullInvoice:
    """Returns the invoice of a month as it would be if it were made now, that of the month that runs for None.

    No row of it exists. How it would be paid is by the wallet as it stands now.
    """
    profile = BillingProfile.objects.filter(tenant=tenant).first()
    currency = Wallet.objects.values_list("currency", flat=True).get(tenant=tenant, livemode=True)
    invoice = Invoice(
        tenant=tenant,
        month=month or month_now(tenant.billing_timezone, now or timezone.now()),
        timezone=tenant.billing_timezone,
        currency=currency,
        digits=minor_units(currency) if is_currency(currency) else 2,
        tax_rate=profile.tax_rate if profile else None,
        tax_label=profile.tax_label if profile else "",
        tax_note=profile.tax_note if profile else "",
        drafted_at=now or timezone.now(),
        refreshed_at=now or timezone.now(),
    )
    lines = _lines_now(invoice)
    invoice.exact = sum((line.exact for line in lines), ZERO)
    invoice.net = sum((line.amount for line in lines), ZERO)
    invoice.tax = minor_amount(invoice.net * (invoice.tax_rate or ZERO) / 100, invoice.digits)
    invoice.total = invoice.net + invoice.tax
    fees = fees_of(lines)
    paid = invoice.exact - fees
    issued = Invoice.objects.filter(tenant=tenant, month=invoice.month).exclude(status=Invoice.Status.VOID).first()
    made = issued.id if issued else None
    dues = call_row(
        "invoice_dues", tenant.id, invoice.month, made, paid, invoice.net, invoice.tax, invoice.digits, fees
    )
    parties = call_row("invoice_parties", tenant.id)
    assert dues is not None
    assert parties is not None
    invoice.amount_due = dues["due"]
    invoice.paid_from_balance = invoice.total - invoice.amount_due
    invoice.legal_entity_id, invoice.issuer = parties["legal_entity_id"], parties["issuer"]
    invoice.customer = parties["customer"]
    return FullInvoice(invoice, lines, [], [])


def fees_of(lines: Iterable[InvoiceLine]) -> Decimal:
    """Returns what an invoice books besides tax and rounding: no job has paid it."""
    return sum((line.exact for line in lines if line.type in InvoiceLine.FEES), ZERO)


def month_now(zone: str, now: datetime) -> date:
    return now.astimezone(ZoneInfo(zone)).date().replace(day=1)


def _lines_now(invoice: Invoice) -> list[InvoiceLine]:
    rows = call_rows("invoice_lines", invoice.tenant_id, invoice.month, invoice.timezone, invoice.digits)
    return [InvoiceLine(**row) for row in rows]


@dataclass(frozen=True)
class LineGeneration:
    """The records of one kind of one generation, as a part of a line's exact amount and of its quantity."""

    generation_id: UUID
    billing_date: date
    quantity: int
    images: int
    amount: Decimal
    at: datetime


def line_generations(
    line: InvoiceLine, invoice: Invoice, *, after: tuple[date, UUID] | None, limit: int
) -> tuple[list[LineGeneration], str | None]:
    """Returns a page of the jobs of a usage line, by date and id, and the cursor of the next page if there is one.

    All of them sum to the line's exact amount, to the last digit. A page reads the days that it shows: the index is by
    tenant and date.
    """
    if line.type != InvoiceLine.Type.USAGE:
        return [], None
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(
            """SELECT generation_id, billing_date, sum(coalesce(pieces, quantity))::bigint, sum(images)::bigint,
                   sum(amount), min(at)
               FROM billing_usagerecord
               WHERE tenant_id = %s AND livemode AND billing_date >= greatest(%s, %s)
                   AND billing_date < (%s + interval '1 month')::date
                   AND model = %s AND image_size = %s AND kind = %s
                   AND (%s = '' OR tier = %s) AND (%s = '' OR unit = %s) AND (%s::numeric IS NULL OR unit_price = %s)
                   AND (%s::date IS NULL OR (billing_date, generation_id) > (%s, %s))
               GROUP BY billing_date, generation_id ORDER BY billing_date, generation_id LIMIT %s""",
            [
                invoice.tenant_id,
                invoice.month,
                after[0] if after else invoice.month,
                invoice.month,
                line.model,
                line.image_size,
                line.kind,
                *(line.tier, line.tier),
                *(line.unit, line.unit),
                *(line.unit_price, line.unit_price),
                after[0] if after else None,
                after[0] if after else None,
                after[1] if after else None,
                limit + 1,
            ],
        )
        rows = [LineGeneration(*row) for row in cursor.fetchall()]
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], f"{last.billing_date.isoformat()}.{ids.encode(ids.GENERATION, last.generation_id)}"


def line_cursor(text: str) -> tuple[date, UUID] | None:
    """Returns after which job of a line a page begins; None for what is no cursor of `line_generations`."""
    day, _, generation = text.partition(".")
    generation_id = ids.decode(ids.GENERATION, generation)
    try:
        return (date.fromisoformat(day), generation_id) if generation_id is not None and len(day) == 10 else None
    except ValueError:
        return None
