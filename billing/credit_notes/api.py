"""`/api/v1/credit-notes`: a tenant reads its own, an operator everybody's."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication.parameters import Parameters
from accounts.authentication.tenant_or_operator import principal_context
from billing.credit_notes import schema as credit_notes_schema
from billing.credit_notes.representation import credit_note_json
from billing.invoices import schema
from billing.invoices.api import InvoiceView, document_response, sees_live, tenant_parameter
from billing.invoices.document_store import file_name
from billing.invoices.documents import credit_note_document, credit_note_xml
from billing.invoices.selectors import credit_note_lines
from billing.models import CreditNote
from cavendish.db import ids
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import not_found
from cavendish.http.schema import PAGING, problems


def credit_note_of(request: Request, text: str) -> CreditNote:
    """Returns a note that the caller may see. Raises the one 404."""
    note_id = ids.decode(ids.CREDIT_NOTE, text)
    note: CreditNote | None = None
    if note_id is not None and sees_live(request):
        note = CreditNote.objects.select_related("invoice").filter(id=note_id).first()
    if note is None:
        raise not_found()
    return note


class CreditNoteList(InvoiceView):
    @extend_schema(
        operation_id="credit_notes_list",
        responses={200: credit_notes_schema.CreditNotePage, **problems(401, 403, 422)},
        parameters=[*PAGING, credit_notes_schema.INVOICE, schema.TENANT],
        tags=["invoices"],
    )
    def get(self, request: Request) -> Response:
        """Credit notes, newest first."""
        parameters = Parameters(request, takes=("invoice_id", "tenant_id"))
        invoice_id = parameters.id("invoice_id", ids.INVOICE)
        parameters.close()
        user: Any = request.user
        with principal_context(user):
            rows = CreditNote.objects.select_related("invoice")
            if not sees_live(request):
                rows = rows.none()
            if invoice_id is not None:
                rows = rows.filter(invoice_id=invoice_id)
            if (tenant := tenant_parameter(request)) is not None:
                rows = rows.filter(tenant_id=tenant)
            page, cursor = page_read(request, rows, ids.CREDIT_NOTE)
            data = [credit_note_json(note, note.invoice, credit_note_lines(note)) for note in page]
            return Response(page_json(data, cursor))


class CreditNoteDetail(InvoiceView):
    @extend_schema(
        operation_id="credit_notes_get",
        responses={200: credit_notes_schema.CreditNote, **problems(401, 403, 404)},
        tags=["invoices"],
    )
    def get(self, request: Request, credit_note_id: str) -> Response:
        """One credit note with its lines."""
        user: Any = request.user
        with principal_context(user):
            note = credit_note_of(request, credit_note_id)
            return Response(credit_note_json(note, note.invoice, credit_note_lines(note)))


class CreditNotePdf(InvoiceView):
    @extend_schema(
        operation_id="credit_notes_pdf",
        responses={(200, "application/pdf"): bytes, **problems(401, 403, 404)},
        tags=["invoices"],
    )
    def get(self, request: Request, credit_note_id: str) -> HttpResponse:
        """The PDF, always the same bytes."""
        user: Any = request.user
        with principal_context(user):
            note = credit_note_of(request, credit_note_id)
        return document_response(credit_note_document(note), file_name(note.number))


class CreditNoteXml(InvoiceView):
    @extend_schema(
        operation_id="credit_notes_xml",
        responses={(200, "application/xml"): bytes, **problems(401, 403, 404, 409)},
        tags=["invoices"],
    )
    def get(self, request: Request, credit_note_id: str) -> HttpResponse:
        """The credit note as XRechnung (UBL 2.1), always the same bytes. 409 names the fields that it lacks."""
        user: Any = request.user
        with principal_context(user):
            note = credit_note_of(request, credit_note_id)
        return document_response(credit_note_xml(note), file_name(note.number, "xml"))
