"""`/api/v1/invoices` and `/api/v1/credit-notes`: a tenant reads its own, an operator everybody's."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.operators import OperatorPrincipal
from accounts.authentication.parameters import Parameters
from accounts.authentication.tenant_or_operator import (
    HasScopeOrIsOperator,
    TenantOrOperatorAuthentication,
    principal_context,
)
from accounts.models import Tenant
from accounts.roles.operators import OperatorPermission
from billing.fields import month_parse
from billing.invoices import schema
from billing.invoices.document_store import document_read, file_name, logo_of
from billing.invoices.documents import cancellation_document, invoice_document, invoice_xml
from billing.invoices.files import csv_response, draft_name
from billing.invoices.pdf import invoice_pdf
from billing.invoices.representation import invoice_json, line_generation_json
from billing.invoices.selectors import (
    OVERDUE,
    invoice_detail,
    invoice_find,
    invoice_lines,
    invoice_preview,
    invoices_load,
    invoices_overdue_of,
    line_cursor,
    line_generations,
    month_now,
    replaced_of,
)
from billing.models import Invoice, InvoiceDocument, InvoiceLine
from cavendish.db import ids
from cavendish.http.csv_files import NAMES, csv_style
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import Problem, invalid_value, not_found
from cavendish.http.schema import CSV_STYLE, PAGING, problems

STATUSES = ", ".join((*Invoice.Status.values, OVERDUE))


class InvoiceView(APIView):
    """Invoices are of live mode: a test key sees none."""

    authentication_classes = (TenantOrOperatorAuthentication,)
    permission_classes = (HasScopeOrIsOperator,)
    scopes = {"GET": "billing"}
    operator_permissions = {"GET": OperatorPermission.VIEW}


def sees_live(request: Request) -> bool:
    user: Any = request.user
    return isinstance(user, OperatorPrincipal) or bool(user.livemode)


def invoice_of(request: Request, text: str) -> Invoice:
    """In `principal_context`. Raises the one 404."""
    invoice_id = ids.decode(ids.INVOICE, text)
    invoice = invoice_find(invoice_id) if invoice_id is not None and sees_live(request) else None
    if invoice is None:
        raise not_found()
    return invoice


class InvoiceList(InvoiceView):
    @extend_schema(
        operation_id="invoices_list",
        responses={200: schema.InvoicePage, **problems(401, 403, 422)},
        parameters=[*PAGING, schema.STATUS, schema.MONTH, schema.NUMBER, schema.TENANT],
        tags=["invoices"],
    )
    def get(self, request: Request) -> Response:
        """Drafts and issued invoices, newest first; those of all tenants for operators."""
        parameters = Parameters(request, takes=("status", "month", "number", "tenant_id"))
        number = parameters.text("number")
        parameters.close()
        user: Any = request.user
        with principal_context(user):
            rows = Invoice.objects.all() if sees_live(request) else Invoice.objects.none()
            if (status := request.query_params.get("status")) is not None:
                if status not in (*Invoice.Status.values, OVERDUE):
                    raise invalid_value("/status", "unknown_value", f"Use one of: {STATUSES}.")
                rows = invoices_overdue_of(rows) if status == OVERDUE else rows.filter(status=status)
            if (month := request.query_params.get("month")) is not None:
                rows = rows.filter(month=month_parameter(month))
            if number is not None:
                rows = rows.filter(number=number)
            if (tenant := tenant_parameter(request)) is not None:
                rows = rows.filter(tenant_id=tenant)
            page, cursor = page_read(request, rows, ids.INVOICE)
            return Response(page_json([invoice_json(full) for full in invoices_load(page)], cursor))


class InvoicePreview(InvoiceView):
    @extend_schema(
        operation_id="invoices_preview",
        responses={200: schema.Invoice, **problems(401, 403, 404, 422)},
        parameters=[schema.TENANT, schema.MONTH],
        tags=["invoices"],
    )
    def get(self, request: Request) -> Response:
        """The invoice of the month that runs, or of a past `month`, as it would be if it were made now.

        It has no id and no number. What is due is by the balance as it is now.
        """
        user: Any = request.user
        if not sees_live(request):
            raise Problem(403, "live_key_needed", "Test jobs cost nothing and are on no invoice; use a live key.")
        operator = isinstance(user, OperatorPrincipal)
        Parameters(request, takes=("month", "tenant_id") if operator else ("month",)).close()
        text = request.query_params.get("month")
        month = month_parameter(text) if text is not None else None
        tenant_id = tenant_parameter(request) if operator else user.tenant_id
        if tenant_id is None:
            raise invalid_value("/tenant_id", "required", "Name the tenant whose preview you want.")
        with principal_context(user):
            tenant = Tenant.objects.filter(id=tenant_id).first()
            if tenant is None:
                raise not_found()
            if month is not None and month > month_now(tenant.billing_timezone, timezone.now()):
                raise invalid_value("/month", "out_of_range", "It has not begun. Name this month or one before it.")
            return Response(invoice_json(invoice_preview(tenant, month=month), preview=True))


class InvoiceDetail(InvoiceView):
    @extend_schema(
        operation_id="invoices_get",
        responses={200: schema.Invoice, **problems(401, 403, 404)},
        tags=["invoices"],
    )
    def get(self, request: Request, invoice_id: str) -> Response:
        """One invoice with its lines, payments and credit notes."""
        user: Any = request.user
        with principal_context(user):
            return Response(invoice_json(invoice_detail(invoice_of(request, invoice_id))))


class InvoicePdf(InvoiceView):
    @extend_schema(
        operation_id="invoices_pdf",
        responses={(200, "application/pdf"): bytes, **problems(401, 403, 404)},
        tags=["invoices"],
    )
    def get(self, request: Request, invoice_id: str) -> HttpResponse:
        """The PDF: of an issued invoice always the same bytes, of a draft one that says so."""
        user: Any = request.user
        with principal_context(user):
            invoice = invoice_of(request, invoice_id)
            lines = invoice_lines(invoice)
            logo = logo_of(invoice.legal_entity_id)
            replaces = replaced_of(invoice)
        if invoice.number is None:
            pdf = invoice_pdf(invoice, lines, logo=logo, replaces=replaces)
            return file_response(pdf, "application/pdf", draft_name(invoice))
        return document_response(invoice_document(invoice), file_name(invoice.number))


class InvoiceXml(InvoiceView):
    @extend_schema(
        operation_id="invoices_xml",
        responses={(200, "application/xml"): bytes, **problems(401, 403, 404, 409)},
        tags=["invoices"],
    )
    def get(self, request: Request, invoice_id: str) -> HttpResponse:
        """The e-invoice as XRechnung (UBL 2.1), always the same bytes. 409 names the fields that it lacks."""
        user: Any = request.user
        with principal_context(user):
            invoice = invoice_of(request, invoice_id)
        return document_response(invoice_xml(invoice), file_name(str(invoice.number), "xml"))


class InvoiceCancellation(InvoiceView):
    @extend_schema(
        operation_id="invoices_cancellation",
        responses={(200, "application/pdf"): bytes, **problems(401, 403, 404, 409)},
        tags=["invoices"],
    )
    def get(self, request: Request, invoice_id: str) -> HttpResponse:
        """The PDF that takes a void invoice back, always the same bytes; the invoice's own PDF stays as it was."""
        user: Any = request.user
        with principal_context(user):
            invoice = invoice_of(request, invoice_id)
        document = cancellation_document(invoice)
        return document_response(document, document.name)


class InvoiceCsv(InvoiceView):
    @extend_schema(
        operation_id="invoices_csv",
        responses={(200, "text/csv"): str, **problems(401, 403, 404, 422)},
        parameters=CSV_STYLE,
        tags=["invoices"],
    )
    def get(self, request: Request, invoice_id: str) -> HttpResponse:
        """The lines as CSV, and the tax as one of them; the column `amount` sums to the total."""
        user: Any = request.user
        parameters = Parameters(request, takes=NAMES)
        style = csv_style(parameters.values, parameters.wrong)
        parameters.close()
        with principal_context(user):
            full = invoice_detail(invoice_of(request, invoice_id))
        return csv_response(full, style)


class InvoiceLineGenerations(InvoiceView):
    @extend_schema(
        operation_id="invoices_line_generations",
        responses={200: schema.LineGenerationPage, **problems(401, 403, 404, 422)},
        parameters=PAGING,
        tags=["invoices"],
    )
    def get(self, request: Request, invoice_id: str, line: str) -> Response:
        """The generations of a line, oldest first. Their amounts sum to its `exact_amount`, to the last digit."""
        user: Any = request.user
        Parameters(request).close()
        limit, after = limit_parameter(request), cursor_parameter(request)
        with principal_context(user):
            invoice = invoice_of(request, invoice_id)
            if not (line.isascii() and line.isdecimal() and len(line) < 8):
                raise not_found()
            row = InvoiceLine.objects.filter(invoice_id=invoice.id, number=int(line)).first()
            if row is None:
                raise not_found()
            page, cursor = line_generations(row, invoice, after=after, limit=limit)
        return Response(page_json([line_generation_json(row) for row in page], cursor))


def document_response(document: InvoiceDocument, name: str) -> HttpResponse:
    kind = "application/xml" if name.endswith(".xml") else "application/pdf"
    response = file_response(document_read(document), kind, name)
    response.headers["ETag"] = f'"{document.sha256}"'
    return response


def file_response(content: bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def month_parameter(text: str) -> date:
    """Returns the first day of a month in the query. Raises Problem."""
    try:
        return month_parse(text)
    except ValidationError as error:
        raise invalid_value("/month", "unknown_value", str(error.detail[0])) from None  # type: ignore[index]


def tenant_parameter(request: Request) -> UUID | None:
    """Returns the tenant that an operator names in the query; None when none is named."""
    text = request.query_params.get("tenant_id")
    if text is None:
        return None
    tenant_id = ids.decode(ids.TENANT, text)
    if tenant_id is None:
        raise invalid_value("/tenant_id", "unknown_value", "Write the tenant's id like ten_….")
    return tenant_id


def limit_parameter(request: Request) -> int:
    text = request.query_params.get("limit", "20")
    if not (text.isascii() and text.isdecimal() and len(text) < 4 and 1 <= int(text) <= 100):
        raise invalid_value("/limit", "out_of_range", "Use a whole number from 1 to 100.")
    return int(text)


def cursor_parameter(request: Request) -> tuple[date, UUID] | None:
    text = request.query_params.get("cursor")
    if not text:
        return None
    after = line_cursor(text)
    if after is None:
        raise invalid_value("/cursor", "invalid", "Use the next_cursor of the page before.")
    return after
