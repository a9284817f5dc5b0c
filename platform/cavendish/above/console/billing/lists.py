"""The wallet's ledger, invoices and credit notes as lists."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.roles.permissions import Permission
from billing.models import CreditNote, Invoice, LedgerEntry, LedgerTransaction, Receipt
from cavendish.above.console.billing.money import LIVE
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui import formats
from cavendish.above.ui.cells import unseen
from cavendish.above.ui.invoices import STATES, TODAY, by_status, invoice_state
from cavendish.above.ui.ledger import movement_text
from cavendish.above.ui.lists import Column, Filter, FilterInvalid, List
from cavendish.db import ids

Kind = LedgerTransaction.Kind


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise FilterInvalid(gettext("Write a day like 2026-11-28.")) from None


def _since(rows: QuerySet[LedgerEntry], text: str) -> QuerySet[LedgerEntry]:
    return rows.filter(at__gte=timezone.make_aware(datetime.combine(_day(text), time.min)))


def _until(rows: QuerySet[LedgerEntry], text: str) -> QuerySet[LedgerEntry]:
    return rows.filter(at__lt=timezone.make_aware(datetime.combine(_day(text) + timedelta(days=1), time.min)))


def _of_kind(rows: QuerySet[LedgerEntry], kind: str) -> QuerySet[LedgerEntry]:
    """Narrows to movements of a kind. All but charges are few, and an index of their own leads to them."""
    if kind == Kind.CHARGE:
        return rows.filter(transaction__kind=kind)
    few = LedgerTransaction.objects.filter(kind=kind, livemode=LIVE)
    return rows.filter(transaction_id__in=few.values("id"))


def job_link(work: Workplace, row: LedgerTransaction) -> Any:
    """Returns a link to the job of a movement, for who may see jobs."""
    if row.generation_id is None:
        return ""
    public_id = ids.encode(ids.GENERATION, row.generation_id)
    if not work.may(Permission.READ):
        return format_html("<code>{}</code>", formats.short_id(public_id))
    address = reverse("console:job", args=[public_id])
    return format_html('<a href="{}"><code>{}</code></a>', address, formats.short_id(public_id))


def _invoice_of(row: LedgerTransaction) -> Any:
    if row.invoice_id is None:
        return ""
    address = reverse("console:invoice", args=[ids.encode(ids.INVOICE, row.invoice_id)])
    return format_html('<a href="{}">{}</a>', address, gettext("Invoice"))


def _amount(entry: LedgerEntry) -> Any:
    return formats.money(entry.amount, digits=formats.MONEY_IN_TABLES, plus=True)


def ledger(work: Workplace, currency: str) -> List[LedgerEntry]:
    """Returns every movement of the wallet, the last first; their amounts sum to the balance."""

    def rows() -> QuerySet[LedgerEntry]:
        found: QuerySet[LedgerEntry] = LedgerEntry.objects.filter(
            tenant_id=work.tenant_id, livemode=LIVE, account=LedgerEntry.Account.WALLET
        )
        return found.select_related("transaction")

    return List(
        title=_("Ledger"),
        rows=rows,
        columns=(
            Column(_("When"), lambda entry: formats.moment(entry.at)),
            Column(pgettext_lazy("line", "What"), lambda entry: _what(entry), kind="th"),
            Column(_("Belongs to"), lambda entry: job_link(work, entry.transaction) or _invoice_of(entry.transaction)),
            Column(currency, _amount, kind="r"),
        ),
        filters=(
            Filter("kind", pgettext_lazy("line", "What"), _of_kind, choices=Kind.choices),
            Filter("since", _("From"), _since, kind="date"),
            Filter("until", _("To"), _until, kind="date"),
        ),
        empty=_("Money moves with the first top-up or charge."),
    )


def _what(entry: LedgerEntry) -> Any:
    text = movement_text(entry.transaction)
    cut = format_html('<span class="cut">{}</span>', text)
    if entry.credit_id is None:
        return cut
    return format_html('{} <span class="tag">{}</span>', cut, gettext("credit"))


def _by_year(rows: QuerySet[Invoice], text: str) -> QuerySet[Invoice]:
    try:
        year = int(text)
    except ValueError:
        year = 0
    if not 2000 <= year < 2100:
        raise FilterInvalid(gettext("Write a year like 2026."))
    return rows.filter(month__year=year)


def invoice_link(row: Any) -> Any:
    address = reverse("console:invoice", args=[ids.encode(ids.INVOICE, row.id)])
    return format_html('<a href="{}">{}</a>', address, date_format(row.month, gettext("F Y")))


def pdf_link(row: Invoice) -> Any:
    address = reverse("console:invoice_pdf", args=[ids.encode(ids.INVOICE, row.id)])
    return format_html('<a href="{}">PDF<span class="sr"> {}</span></a>', address, row.number or gettext("Draft"))


def _note_pdf(row: CreditNote) -> Any:
    address = reverse("console:credit_note_pdf", args=[ids.encode(ids.CREDIT_NOTE, row.id)])
    return format_html('<a href="{}">PDF<span class="sr"> {}</span></a>', address, row.number)


def _note_link(row: CreditNote) -> Any:
    address = reverse("console:credit_note", args=[ids.encode(ids.CREDIT_NOTE, row.id)])
    return format_html('<a href="{}">{}</a>', address, row.number)


def _due(row: Invoice) -> str:
    return formats.money(row.amount_due, digits=row.digits) if row.status == Invoice.Status.FINALISED else "–"


def invoices(work: Workplace) -> List[Invoice]:
    def rows() -> QuerySet[Invoice]:
        found: QuerySet[Invoice] = Invoice.objects.filter(tenant_id=work.tenant_id)
        return found.annotate(today=TODAY)

    return List(
        title=_("Invoices"),
        rows=rows,
        columns=(
            Column(_("Month"), invoice_link, kind="th"),
            Column(_("Number"), lambda row: row.number or gettext("Draft"), wide=True),
            Column(_("State"), invoice_state),
            Column(_("Issued"), lambda row: formats.day(row.issued_on) if row.issued_on else "–", wide=True),
            Column(_("Pay by"), lambda row: formats.day(row.due_on) if row.due_on else "–", wide=True),
            Column(_("To pay"), _due, kind="r", wide=True),
            Column(_("Total"), lambda row: formats.money(row.total, row.currency), kind="r"),
            Column(_("File"), pdf_link, kind="r"),
        ),
        filters=(
            Filter("status", _("State"), by_status, choices=STATES),
            Filter("year", _("Year"), _by_year, placeholder="2026"),
        ),
        empty=_("The first invoice is drafted when the first month has ended."),
    )


def _receipt_pdf(row: Receipt) -> Any:
    address = reverse("console:receipt_pdf", args=[ids.encode(ids.RECEIPT, row.id)])
    return format_html('<a href="{}">PDF<span class="sr"> {}</span></a>', address, row.number)


def receipts(work: Workplace) -> List[Receipt]:
    return List(
        title=_("Receipts"),
        rows=lambda: Receipt.objects.filter(tenant_id=work.tenant_id),
        columns=(
            Column(_("Number"), lambda row: row.number, kind="th"),
            Column(_("Received"), lambda row: formats.day(row.received_at.date())),
            Column(_("Reference"), lambda row: row.reference or "–", wide=True),
            Column(_("Amount"), lambda row: formats.money(row.amount, row.currency), kind="r"),
            Column(_("File"), _receipt_pdf, kind="r"),
        ),
        filters=(
            Filter("since", _("From"), lambda rows, text: rows.filter(issued_on__gte=_day(text)), kind="date"),
            Filter("until", _("To"), lambda rows, text: rows.filter(issued_on__lte=_day(text)), kind="date"),
        ),
        empty=_("Each top-up gets a receipt, if your operator issues them."),
    )


def credit_notes(work: Workplace) -> List[CreditNote]:
    return List(
        title=_("Credit notes"),
        rows=lambda: CreditNote.objects.filter(tenant_id=work.tenant_id).select_related("invoice"),
        columns=(
            Column(_("Number"), _note_link, kind="th"),
            Column(_("Issued"), lambda row: formats.day(row.issued_on)),
            Column(_("Invoice"), lambda row: _invoice_number(row), wide=True),
            Column(_("Reason"), lambda row: format_html('<span class="cut">{}</span>', row.reason), wide=True),
            Column(_("Total"), lambda row: formats.money(row.total, row.invoice.currency), kind="r"),
            Column(unseen(_("File")), _note_pdf, kind="r"),
        ),
        empty=_("A credit note takes back a part of an invoice."),
    )


def _invoice_number(row: CreditNote) -> Any:
    address = reverse("console:invoice", args=[ids.encode(ids.INVOICE, row.invoice_id)])
    return format_html('<a href="{}">{}</a>', address, row.invoice.number)
