"""Invoices: the list."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as gettext_now
from django.utils.translation import gettext_lazy as _

from billing.invoices.selectors import invoice_detail
from billing.models import Invoice
from cavendish.above.admin.links import TENANT, link, tenant_link
from cavendish.above.admin.pages import operator_page
from cavendish.above.ui import formats
from cavendish.above.ui.lists import Column, Filter, FilterInvalid, List, list_page
from cavendish.db import ids


def is_overdue(invoice: Invoice) -> bool:
    return invoice.status == "finalised" and invoice.due_on is not None and invoice.due_on < timezone.localdate()


def invoice_state(invoice: Invoice) -> Any:
    """Returns the state; a final one whose day to pay is over is overdue."""
    return formats.state("overdue" if is_overdue(invoice) else invoice.status)


def _by_status(rows: QuerySet[Invoice], value: str) -> QuerySet[Invoice]:
    if value == "overdue":
        return rows.filter(status="finalised", due_on__lt=timezone.localdate())
    return rows.filter(status=value)


def _by_month(rows: QuerySet[Invoice], text: str) -> QuerySet[Invoice]:
    try:
        month = date.fromisoformat(f"{text}-01")
    except ValueError:
        raise FilterInvalid(gettext_now("Write a month like 2026-11.")) from None
    return rows.filter(month=month)


def _matching(rows: QuerySet[Invoice], text: str) -> QuerySet[Invoice]:
    return rows.filter(Q(number__iexact=text) | Q(number__istartswith=text))


def _due(row: Invoice) -> str:
    return formats.money(row.amount_due, row.currency) if row.amount_due else "–"


INVOICES: List[Invoice] = List(
    title=_("Invoices"),
    rows=lambda: Invoice.objects.select_related("tenant"),
    columns=(
        Column(_("Invoice"), lambda row: link(ids.INVOICE, row.id, row.number or gettext_now("Draft")), kind="th"),
        Column(_("Tenant"), tenant_link),
        Column(_("State"), invoice_state),
        Column(_("Month"), lambda row: date_format(row.month, "F Y"), wide=True),
        Column(_("Due"), lambda row: formats.day(row.due_on) if row.due_on else "–", wide=True),
        Column(_("Total"), lambda row: formats.money(row.total, row.currency), kind="r"),
        Column(_("To pay"), _due, kind="r", wide=True),
    ),
    filters=(
        Filter("q", _("Number"), _matching, kind="search"),
        TENANT,
        Filter(
            "status", _("State"), _by_status,
            choices=(*((value, label) for value, label in Invoice.Status.choices), ("overdue", _("Overdue"))),
        ),
        Filter("month", _("Month"), _by_month, kind="month"),
    ),
    empty=_("The first drafts are made when a month has ended."),
)  # fmt: skip


@operator_page(section="invoices")
def invoices(request: HttpRequest) -> HttpResponse:
    return list_page(request, INVOICES)


@operator_page(section="invoices")
def invoice(request: HttpRequest, invoice_id: str) -> HttpResponse:
    value = ids.decode(ids.INVOICE, invoice_id)
    row = Invoice.objects.select_related("tenant").filter(id=value).first() if value else None
    if row is None:
        raise Http404
    context = {"invoice": row, "full": invoice_detail(row), "public_id": invoice_id, "state": invoice_state(row)}
    return render(request, "admin/invoices/invoice.html", context)
