"""Invoices, payments, credit notes and the companies that issue them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.roles.operators import OperatorPermission, operator_can
from billing.e_invoices.selectors import e_credit_note_lacks, e_invoice_lacks
from billing.invoices.document_store import document_read, file_name, logo_of
from billing.invoices.documents import (
    cancellation_document,
    credit_note_document,
    credit_note_xml,
    invoice_document,
    invoice_xml,
)
from billing.invoices.files import csv_response as csv_of_invoice
from billing.invoices.files import draft_name
from billing.invoices.pdf import invoice_pdf
from billing.invoices.selectors import (
    FullInvoice,
    credit_note_lines,
    invoice_detail,
    invoice_lines,
    replaced_of,
)
from billing.ledger.selectors import LedgerFilters, ledger_transactions
from billing.models import CreditNote, Invoice, InvoiceLine, LegalEntity, Receipt
from billing.oversight.invoice_actions import invoice_actions
from billing.parties.selectors import legal_entities_listed
from billing.receipts.services import receipt_document
from cavendish.above.admin.invoices import page
from cavendish.above.admin.invoices.acts import ACTS, Draft, ReversePayment
from cavendish.above.admin.invoices.companies import ChangeCompany, NewCompany
from cavendish.above.admin.invoices.lists import CREDIT_NOTES, INVOICES, PAYMENTS, RECEIPTS
from cavendish.above.admin.invoices.rates import RATES, NewRate
from cavendish.above.admin.links import address_of, tenant_named
from cavendish.above.admin.pages import operator_act, operator_of, operator_page
from cavendish.above.ui import invoices as invoice_page
from cavendish.above.ui.invoices import TODAY, invoice_state, line_label, pdf_shown, xml_saved
from cavendish.above.ui.lists import FilterInvalid, List, list_page
from cavendish.above.ui.public_ids import row_or_404
from cavendish.above.ui.scripts import towards
from cavendish.above.ui.spreadsheet import csv_response, list_rows
from cavendish.db import ids


def _may(request: HttpRequest) -> bool:
    return operator_can(operator_of(request), OperatorPermission.MONEY)


def _invoices(request: HttpRequest) -> List[Invoice]:
    """Returns the list; where only overdue ones are asked for, those first that wait longest."""
    return replace(INVOICES, order=("due_on", "id")) if request.GET.get("status") == "overdue" else INVOICES


@operator_page(section="invoices")
def invoices(request: HttpRequest) -> HttpResponse:
    action = {"address": reverse("admin:invoice_draft"), "word": _("Draft an invoice"), "dialog": True}
    context = {"here": "invoices", "actions": [action] if _may(request) else [], "file": reverse("admin:invoices_csv")}
    return list_page(request, _invoices(request), template="admin/invoices/list.html", context=context)


@operator_page(section="invoices")
def invoices_csv(request: HttpRequest) -> HttpResponse:
    rows = list_rows(request, _invoices(request))
    if rows is None:
        return invoices(request)
    head = (
        "id", "number", "tenant", "month", "status", "issued_on", "due_on", "currency", "net", "tax", "total",
        "paid_from_balance", "amount_due",
    )  # fmt: skip
    lines = (
        (
            ids.encode(ids.INVOICE, row.id), row.number, row.tenant.slug, f"{row.month:%Y-%m}", row.status,
            row.issued_on, row.due_on, row.currency, row.net, row.tax, row.total, row.paid_from_balance,
            row.amount_due,
        )
        for row in rows
    )  # fmt: skip
    return csv_response("invoices", head, lines)


@operator_page(OperatorPermission.MONEY, section="invoices")
def draft(request: HttpRequest) -> HttpResponse:
    act = Draft(request.POST or None)
    response = operator_act(request, act, back=reverse("admin:invoices"))
    return towards(request, address_of(ids.INVOICE, act.drafted.id)) if act.drafted else response


@operator_page(section="invoices")
def invoice(request: HttpRequest, invoice_id: str) -> HttpResponse:
    row = _invoice_of(invoice_id)
    full = invoice_detail(row)
    possible, impossible = page.acts(invoice_id, invoice_actions(full))
    booked = ledger_transactions(LedgerFilters(tenant_id=row.tenant_id, invoice_id=row.id))
    replaced_by = Invoice.objects.filter(replaces_id=row.id).first()
    context = {
        **_shown(full, invoice_id),
        "public_id": invoice_id,
        "state": invoice_state(row),
        "acts": possible if _may(request) else [],
        "impossible": impossible if _may(request) else [],
        "movements": [entry.transaction for entry in booked],
        "replaced_by": replaced_by,
        "payments": page.payments(public_id=invoice_id, full=full, may=_may(request)),
    }
    return render(request, "admin/invoices/invoice.html", context)


@operator_page(section="invoices")
def running(request: HttpRequest, tenant_id: str) -> HttpResponse:
    """The invoice of the month that runs, or of a past one, as it would be if it were made now."""
    try:
        tenant = tenant_named(tenant_id)
    except FilterInvalid:
        raise Http404 from None
    asked = invoice_page.preview_shown(request, tenant)
    context = {**_shown(asked["full"]), **asked}
    return render(request, "admin/invoices/invoice.html", context)


def _shown(full: FullInvoice, public_id: str = "") -> dict[str, Any]:
    """Returns what the page of an invoice shows; one without an id leads to no jobs."""

    def page_of(line: InvoiceLine) -> str:
        if line.ledger_transaction_id is not None:
            return address_of(ids.LEDGER_TRANSACTION, line.ledger_transaction_id)
        is_usage = public_id and line.type == InvoiceLine.Type.USAGE
        return reverse("admin:invoice_line", args=[public_id, line.number]) if is_usage else ""

    return invoice_page.shown(full, address_of=page_of)


@operator_page(section="invoices")
def invoice_file(request: HttpRequest, invoice_id: str) -> HttpResponse:
    row = _invoice_of(invoice_id)
    if row.number is None:
        logo = logo_of(row.legal_entity_id)
        pdf = invoice_pdf(row, invoice_lines(row), logo=logo, replaces=replaced_of(row))
        return pdf_shown(pdf, draft_name(row))
    return pdf_shown(document_read(invoice_document(row)), file_name(row.number))


@operator_page(section="invoices")
def invoice_xml_file(request: HttpRequest, invoice_id: str) -> HttpResponse:
    row = _invoice_of(invoice_id)
    if row.number is None or e_invoice_lacks(row):
        raise Http404
    return xml_saved(invoice_xml(row))


@operator_page(section="invoices")
def cancellation_file(request: HttpRequest, invoice_id: str) -> HttpResponse:
    row = _invoice_of(invoice_id)
    if row.status != Invoice.Status.VOID:
        raise Http404
    document = cancellation_document(row)
    return pdf_shown(document_read(document), document.name)


@operator_page(section="invoices")
def invoice_lines_csv(request: HttpRequest, invoice_id: str) -> HttpResponse:
    return csv_of_invoice(invoice_detail(_invoice_of(invoice_id)))


@operator_page(section="invoices")
def line(request: HttpRequest, invoice_id: str, number: int) -> HttpResponse:
    """The jobs of a line, oldest first."""
    row = _invoice_of(invoice_id)
    found = InvoiceLine.objects.filter(invoice_id=row.id, number=number).first()
    if found is None:
        raise Http404
    context = {**invoice_page.line_jobs(found, row, request), "public_id": invoice_id, "text": line_label(found)}
    return render(request, "admin/invoices/line.html", context)


@operator_page(OperatorPermission.MONEY, section="invoices")
def invoice_act(request: HttpRequest, invoice_id: str, act: str) -> HttpResponse:
    if act not in ACTS:
        raise Http404
    form = ACTS[act](request.POST or None, full=invoice_detail(_invoice_of(invoice_id)))
    back = reverse("admin:invoice", args=[invoice_id])
    response = operator_act(request, form, back=back)
    if act == "finalise" and response.status_code in {302, 204} and not _is_there(invoice_id):
        return towards(request, reverse("admin:invoices"))  # an empty draft is gone
    return response


@operator_page(OperatorPermission.MONEY, section="invoices")
def payment_reverse(request: HttpRequest, invoice_id: str, payment_id: str) -> HttpResponse:
    full = invoice_detail(_invoice_of(invoice_id))
    payment = next((row for row in full.received if ids.encode(ids.PAYMENT, row.id) == payment_id), None)
    if payment is None:
        raise Http404
    act = ReversePayment(request.POST or None, full=full, payment=payment)
    return operator_act(request, act, back=reverse("admin:invoice", args=[invoice_id]))


def _is_there(invoice_id: str) -> bool:
    return bool(Invoice.objects.filter(id=ids.decode(ids.INVOICE, invoice_id)).exists())


def _invoice_of(invoice_id: str) -> Invoice:
    rows = Invoice.objects.select_related("tenant", "replaces").annotate(today=TODAY)
    row: Invoice = row_or_404(ids.INVOICE, invoice_id, rows)
    return row


@operator_page(section="invoices")
def payments(request: HttpRequest) -> HttpResponse:
    context = {"here": "payments", "file": reverse("admin:payments_csv")}
    return list_page(request, PAYMENTS, template="admin/invoices/list.html", context=context)


@operator_page(section="invoices")
def payments_csv(request: HttpRequest) -> HttpResponse:
    rows = list_rows(request, PAYMENTS)
    if rows is None:
        return payments(request)
    head = ("received_on", "invoice", "tenant", "amount", "currency", "method", "reference", "recorded_at", "by")
    lines = (
        (row.received_on, row.invoice.number, row.tenant.slug, row.amount, row.currency, row.method, row.reference,
         row.recorded_at, row.actor)
        for row in rows
    )  # fmt: skip
    return csv_response("payments", head, lines)


@operator_page(section="invoices")
def credit_notes(request: HttpRequest) -> HttpResponse:
    return list_page(request, CREDIT_NOTES, template="admin/invoices/list.html", context={"here": "credit_notes"})


@operator_page(section="invoices")
def credit_note(request: HttpRequest, note_id: str) -> HttpResponse:
    note = _note_of(note_id)
    context = {"note": note, "public_id": note_id, "has_xml": not e_credit_note_lacks(note), "lines": [
        (line.invoice_line.number, line_label(line.invoice_line), line.amount) for line in credit_note_lines(note)
    ]}  # fmt: skip
    return render(request, "admin/invoices/credit_note.html", context)


@operator_page(section="invoices")
def credit_note_file(request: HttpRequest, note_id: str) -> HttpResponse:
    note = _note_of(note_id)
    return pdf_shown(document_read(credit_note_document(note)), file_name(note.number))


@operator_page(section="invoices")
def credit_note_xml_file(request: HttpRequest, note_id: str) -> HttpResponse:
    note = _note_of(note_id)
    if e_credit_note_lacks(note):
        raise Http404
    return xml_saved(credit_note_xml(note))


@operator_page(section="invoices")
def receipts(request: HttpRequest) -> HttpResponse:
    return list_page(request, RECEIPTS, template="admin/invoices/list.html", context={"here": "receipts"})


@operator_page(section="invoices")
def receipt_file(request: HttpRequest, receipt_id: str) -> HttpResponse:
    row: Receipt = row_or_404(ids.RECEIPT, receipt_id, Receipt.objects.all())
    document = receipt_document(row)
    return pdf_shown(document_read(document), document.name)


def _note_of(note_id: str) -> CreditNote:
    note: CreditNote = row_or_404(ids.CREDIT_NOTE, note_id, CreditNote.objects.select_related("invoice", "tenant"))
    return note


@operator_page(section="invoices")
def rates(request: HttpRequest) -> HttpResponse:
    action = {"address": reverse("admin:exchange_rate_new"), "word": NewRate.word, "dialog": True}
    context = {"here": "rates", "actions": [action] if _may(request) else []}
    return list_page(request, RATES, template="admin/invoices/list.html", context=context)


@operator_page(OperatorPermission.MONEY, section="invoices")
def rate_new(request: HttpRequest) -> HttpResponse:
    return operator_act(request, NewRate(request.POST or None), back=reverse("admin:exchange_rates"))


@operator_page(section="invoices")
def companies(request: HttpRequest) -> HttpResponse:
    rows = [(ids.encode(ids.LEGAL_ENTITY, row.entity.id), row) for row in legal_entities_listed()]
    context = {"companies": rows, "here": "companies", "may": _may(request)}
    return render(request, "admin/invoices/companies.html", context)


@operator_page(OperatorPermission.MONEY, section="invoices")
def company_new(request: HttpRequest) -> HttpResponse:
    act = NewCompany(request.POST or None, request.FILES or None)
    return operator_act(request, act, back=reverse("admin:companies"))


@operator_page(OperatorPermission.MONEY, section="invoices")
def company_change(request: HttpRequest, entity_id: str) -> HttpResponse:
    entity: LegalEntity = row_or_404(ids.LEGAL_ENTITY, entity_id, LegalEntity.objects.all())
    act = ChangeCompany(request.POST or None, request.FILES or None, entity=entity)
    return operator_act(request, act, back=reverse("admin:companies"))
