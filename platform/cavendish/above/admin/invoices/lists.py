"""The lists of invoices, payments and credit notes."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.models import CreditNote, Invoice, Payment, Receipt
from cavendish.above.admin.links import TENANT, link, tenant_link
from cavendish.above.ui import formats
from cavendish.above.ui.invoices import STATES, TODAY, by_status, invoice_state
from cavendish.above.ui.lists import Column, Filter, FilterInvalid, List, equals
from cavendish.above.ui.marks import facts
from cavendish.above.ui.words import actor_text
from cavendish.db import ids


def _rows() -> QuerySet[Invoice]:
    rows: QuerySet[Invoice] = Invoice.objects.select_related("tenant").annotate(today=TODAY)
    return rows


def _by_month(rows: QuerySet[Invoice], text: str) -> QuerySet[Invoice]:
    return rows.filter(month=month_of(text))


def month_of(text: str) -> date:
    """Returns the first day of "2026-11". Raises FilterInvalid."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise FilterInvalid(gettext("Write a month like 2026-11.")) from None


def _numbered(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    return rows.filter(Q(number__iexact=text) | Q(number__istartswith=text))


def _of_invoice(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    value = ids.decode(ids.INVOICE, text)
    return rows.filter(invoice_id=value) if value else rows.filter(invoice__number=text)


def _due(row: Invoice) -> str:
    return formats.money(row.amount_due, row.currency) if row.status == Invoice.Status.FINALISED else "–"


def _pdf(name: str, kind: str, row: Any) -> Any:
    if row.number is None:
        return ""
    address = reverse(f"admin:{name}", args=[ids.encode(kind, row.id)])
    return format_html('<a href="{}">PDF<span class="sr"> {}</span></a>', address, row.number)


def invoice_link(row: Any) -> Any:
    """Returns a link to the invoice of a payment or a credit note by its number."""
    return link(ids.INVOICE, row.invoice_id, row.invoice.number or gettext("Draft"))


INVOICES: List[Invoice] = List(
    title=_("Invoices"),
    rows=_rows,
    columns=(
        Column(_("Invoice"), lambda row: link(ids.INVOICE, row.id, row.number or gettext("Draft")), kind="th"),
        Column(_("Tenant"), tenant_link),
        Column(_("State"), invoice_state),
        Column(_("Month"), lambda row: date_format(row.month, gettext("F Y")), wide=True),
        Column(_("Pay by"), lambda row: formats.day(row.due_on) if row.due_on else "–", wide=True),
        Column(_("Total"), lambda row: formats.money(row.total, row.currency), kind="r"),
        Column(_("Due"), _due, kind="r", wide=True),
        Column("PDF", lambda row: _pdf("invoice_pdf", ids.INVOICE, row), wide=True),
    ),
    filters=(
        Filter("q", _("Number"), _numbered, kind="search"),
        TENANT,
        Filter("status", _("State"), by_status, choices=STATES),
        Filter("month", _("Month"), _by_month, kind="month"),
    ),
    empty=_("The first drafts are made when a month has ended."),
)

PAYMENTS: List[Payment] = List(
    title=_("Payments"),
    rows=lambda: Payment.objects.select_related("tenant", "invoice"),
    columns=(
        Column(_("Received"), lambda row: formats.day(row.received_on)),
        Column(_("Invoice"), invoice_link, kind="th"),
        Column(_("Tenant"), tenant_link),
        Column(_("Amount"), lambda row: formats.money(row.amount, row.currency), kind="r"),
        Column(_("Reference"), lambda row: format_html('<span class="cut">{}</span>', row.reference)),
        Column(_("By"), lambda row: _payer(row), wide=True),
    ),
    filters=(
        TENANT,
        Filter("invoice", _("Invoice"), _of_invoice),
        Filter("reference", _("Reference"), equals("reference"), kind="search"),
        Filter("since", _("From"), lambda rows, text: rows.filter(received_on__gte=_day(text)), kind="date"),
        Filter("until", _("To"), lambda rows, text: rows.filter(received_on__lte=_day(text)), kind="date"),
    ),
    empty=_("A payment is recorded on the page of its invoice."),
)

CREDIT_NOTES: List[CreditNote] = List(
    title=_("Credit notes"),
    rows=lambda: CreditNote.objects.select_related("tenant", "invoice"),
    columns=(
        Column(_("Credit note"), lambda row: link(ids.CREDIT_NOTE, row.id, row.number), kind="th"),
        Column(_("Issued"), lambda row: formats.day(row.issued_on)),
        Column(_("Invoice"), invoice_link),
        Column(_("Tenant"), tenant_link),
        Column(_("Total"), lambda row: formats.money(row.total, row.invoice.currency), kind="r"),
        Column(_("To the balance"), lambda row: formats.money(row.to_balance), kind="r", wide=True),
        Column("PDF", lambda row: _pdf("credit_note_pdf", ids.CREDIT_NOTE, row)),
    ),
    filters=(
        Filter("q", _("Number"), _numbered, kind="search"),
        TENANT,
        Filter("invoice", _("Invoice"), _of_invoice),
    ),
    empty=_("A credit note is issued on the page of its invoice."),
)


RECEIPTS: List[Receipt] = List(
    title=_("Receipts"),
    rows=lambda: Receipt.objects.select_related("tenant"),
    columns=(
        Column(_("Number"), lambda row: row.number, kind="th"),
        Column(_("Received"), lambda row: formats.day(row.received_at.date())),
        Column(_("Tenant"), tenant_link),
        Column(_("Amount"), lambda row: formats.money(row.amount, row.currency), kind="r"),
        Column(_("Reference"), lambda row: format_html('<span class="cut">{}</span>', row.reference), wide=True),
        Column("PDF", lambda row: _pdf("receipt_pdf", ids.RECEIPT, row)),
    ),
    filters=(
        Filter("q", _("Number"), _numbered, kind="search"),
        TENANT,
        Filter("since", _("From"), lambda rows, text: rows.filter(issued_on__gte=_day(text)), kind="date"),
        Filter("until", _("To"), lambda rows, text: rows.filter(issued_on__lte=_day(text)), kind="date"),
    ),
    empty=_("Top-ups get a receipt where their company issues them."),
)


def _payer(row: Payment) -> str:
    who = actor_text(row.actor)
    return who if row.method == "manual" else facts(row.method, who)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise FilterInvalid(gettext("Write a day like 2026-11-28.")) from None
