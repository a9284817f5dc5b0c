"""The pages of invoices and credit notes, and their files."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.roles.permissions import Permission
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
from billing.invoices.pdf import invoice_pdf as draft_pdf
from billing.invoices.selectors import (
    FullInvoice,
    credit_note_lines,
    invoice_detail,
    invoice_lines,
    replaced_of,
)
from billing.models import CreditNote, Invoice, InvoiceLine, Receipt
from billing.receipts.services import receipt_document
from cavendish.above.console.billing import lists
from cavendish.above.console.pages import console_page
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui import invoices as invoice_page
from cavendish.above.ui.invoices import TODAY, invoice_state, line_label, pdf_shown, xml_saved
from cavendish.above.ui.lists import list_page
from cavendish.above.ui.public_ids import row_or_404
from cavendish.above.ui.spreadsheet import csv_response, list_rows
from cavendish.db import ids


@console_page(Permission.BILLING, section="billing")
def invoices(request: HttpRequest, work: Workplace) -> HttpResponse:
    with work.reading():
        context = {"here": "invoices", "file": reverse("console:invoices_csv")}
        return list_page(request, lists.invoices(work), template="console/billing/list.html", context=context)


@console_page(Permission.BILLING, section="billing")
def invoices_csv(request: HttpRequest, work: Workplace) -> HttpResponseBase:
    with work.reading():
        rows = list_rows(request, lists.invoices(work))
    if rows is None:
        return invoices(request)
    head = (
        "id", "number", "month", "status", "issued_on", "due_on", "currency", "net", "tax", "total",
        "paid_from_balance", "amount_due",
    )  # fmt: skip
    lines = (
        (
            ids.encode(ids.INVOICE, row.id), row.number, f"{row.month:%Y-%m}", row.status, row.issued_on, row.due_on,
            row.currency, row.net, row.tax, row.total, row.paid_from_balance, row.amount_due,
        )
        for row in rows
    )  # fmt: skip
    return csv_response("invoices", head, lines)


@console_page(Permission.BILLING, section="billing")
def preview(request: HttpRequest, work: Workplace) -> HttpResponse:
    """The invoice of the month that runs, or of a past one, as it would be if it were made now."""
    with work.reading():
        asked = invoice_page.preview_shown(request, work.tenant)
        context = {**_shown(asked["full"]), **asked}
    return render(request, "console/billing/invoice.html", context)


@console_page(Permission.BILLING, section="billing")
def invoice(request: HttpRequest, work: Workplace, invoice_id: str) -> HttpResponse:
    with work.reading():
        row = _invoice_of(work, invoice_id)
        full = invoice_detail(row)
        replaced_by = Invoice.objects.filter(replaces_id=row.id).first()
        context = {
            **_shown(full, invoice_id),
            "public_id": invoice_id,
            "state": invoice_state(row),
            "may_xml": row.number is not None and not e_invoice_lacks(row),
            "replaced_by": (ids.encode(ids.INVOICE, replaced_by.id), replaced_by) if replaced_by else None,
            "replaces": (ids.encode(ids.INVOICE, row.replaces_id), row.replaces) if row.replaces_id else None,
            "notes": [(ids.encode(ids.CREDIT_NOTE, note.id), note) for note in full.credit_notes],
            "left": full.settled.left if row.status == Invoice.Status.FINALISED else 0,
        }
    return render(request, "console/billing/invoice.html", context)


def _shown(full: FullInvoice, public_id: str = "") -> dict[str, Any]:
    """Returns what the page of an invoice shows; one without an id leads to no jobs."""

    def page_of(line: InvoiceLine) -> str:
        if not public_id or line.type != InvoiceLine.Type.USAGE:
            return ""
        return reverse("console:invoice_line", args=[public_id, line.number])

    return invoice_page.shown(full, address_of=page_of)


@console_page(Permission.BILLING, section="billing")
def invoice_pdf(request: HttpRequest, work: Workplace, invoice_id: str) -> HttpResponse:
    """The bytes that are kept, the same ever after; of a draft a PDF that says so."""
    with work.reading():
        row = _invoice_of(work, invoice_id)
        lines = invoice_lines(row) if row.number is None else []
        logo = logo_of(row.legal_entity_id) if row.number is None else None
        replaces = replaced_of(row)
    if row.number is None:
        return pdf_shown(draft_pdf(row, lines, logo=logo, replaces=replaces), draft_name(row))
    return pdf_shown(document_read(invoice_document(row)), file_name(row.number))


@console_page(Permission.BILLING, section="billing")
def invoice_xml_file(request: HttpRequest, work: Workplace, invoice_id: str) -> HttpResponse:
    """The e-invoice, where the invoice has all that it needs."""
    with work.reading():
        row = _invoice_of(work, invoice_id)
        if row.number is None or e_invoice_lacks(row):
            raise Http404
    return xml_saved(invoice_xml(row))


@console_page(Permission.BILLING, section="billing")
def cancellation(request: HttpRequest, work: Workplace, invoice_id: str) -> HttpResponse:
    with work.reading():
        row = _invoice_of(work, invoice_id)
    if row.status != Invoice.Status.VOID:
        raise Http404
    document = cancellation_document(row)
    return pdf_shown(document_read(document), document.name)


@console_page(Permission.BILLING, section="billing")
def invoice_csv(request: HttpRequest, work: Workplace, invoice_id: str) -> HttpResponse:
    """The lines as the API has them; the column `amount` sums to the total."""
    with work.reading():
        full = invoice_detail(_invoice_of(work, invoice_id))
    return csv_of_invoice(full)


@console_page(Permission.BILLING, section="billing")
def line(request: HttpRequest, work: Workplace, invoice_id: str, number: int) -> HttpResponse:
    """The jobs of a line, oldest first, which sum to its exact amount."""
    with work.reading():
        row = _invoice_of(work, invoice_id)
        found = InvoiceLine.objects.filter(invoice_id=row.id, number=number).first()
        if found is None:
            raise Http404
        page = invoice_page.line_jobs(found, row, request)
    context = {
        **page,
        "public_id": invoice_id,
        "text": line_label(found),
        "jobs": [(ids.encode(ids.GENERATION, job.generation_id), job) for job in page["jobs"]],
        "may_see_jobs": work.may(Permission.READ),
    }
    return render(request, "console/billing/line.html", context)


def _invoice_of(work: Workplace, public: str) -> Invoice:
    rows = Invoice.objects.select_related("replaces").filter(tenant_id=work.tenant_id).annotate(today=TODAY)
    row: Invoice = row_or_404(ids.INVOICE, public, rows)
    return row


@console_page(Permission.BILLING, section="billing")
def credit_notes(request: HttpRequest, work: Workplace) -> HttpResponse:
    with work.reading():
        context = {"here": "credit_notes", "crumb": _("Invoices")}
        return list_page(request, lists.credit_notes(work), template="console/billing/list.html", context=context)


@console_page(Permission.BILLING, section="billing")
def credit_note(request: HttpRequest, work: Workplace, note_id: str) -> HttpResponse:
    with work.reading():
        note = _note_of(work, note_id)
        lines = [
            (line.invoice_line.number, line_label(line.invoice_line), line.amount) for line in credit_note_lines(note)
        ]
        context = {
            "note": note, "public_id": note_id, "lines": lines, "has_xml": not e_credit_note_lacks(note),
            "invoice_id": ids.encode(ids.INVOICE, note.invoice_id),
        }  # fmt: skip
    return render(request, "console/billing/credit_note.html", context)


@console_page(Permission.BILLING, section="billing")
def credit_note_pdf(request: HttpRequest, work: Workplace, note_id: str) -> HttpResponse:
    with work.reading():
        note = _note_of(work, note_id)
    return pdf_shown(document_read(credit_note_document(note)), file_name(note.number))


@console_page(Permission.BILLING, section="billing")
def credit_note_xml_file(request: HttpRequest, work: Workplace, note_id: str) -> HttpResponse:
    with work.reading():
        note = _note_of(work, note_id)
        if e_credit_note_lacks(note):
            raise Http404
    return xml_saved(credit_note_xml(note))


def _note_of(work: Workplace, public: str) -> CreditNote:
    rows = CreditNote.objects.select_related("invoice").filter(tenant_id=work.tenant_id)
    note: CreditNote = row_or_404(ids.CREDIT_NOTE, public, rows)
    return note


@console_page(Permission.BILLING, section="billing")
def receipts(request: HttpRequest, work: Workplace) -> HttpResponse:
    with work.reading():
        context = {"here": "receipts", "crumb": _("Invoices")}
        return list_page(request, lists.receipts(work), template="console/billing/list.html", context=context)


@console_page(Permission.BILLING, section="billing")
def receipt_pdf(request: HttpRequest, work: Workplace, receipt_id: str) -> HttpResponse:
    with work.reading():
        row: Receipt = row_or_404(ids.RECEIPT, receipt_id, Receipt.objects.filter(tenant_id=work.tenant_id))
    document = receipt_document(row)
    return pdf_shown(document_read(document), document.name)
