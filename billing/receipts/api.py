"""`/api/v1/receipts`: a tenant reads its own, an operator everybody's."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication.parameters import Parameters
from accounts.authentication.tenant_or_operator import principal_context
from billing.invoices.api import InvoiceView, document_response, sees_live, tenant_parameter
from billing.invoices.schema import TENANT
from billing.models import Receipt
from billing.receipts import schema
from billing.receipts.representation import receipt_json
from billing.receipts.services import receipt_document
from cavendish.db import ids
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import not_found
from cavendish.http.schema import PAGING, problems


def receipt_of(request: Request, text: str) -> Receipt:
    """Returns a receipt that the caller may see. Raises the one 404."""
    receipt_id = ids.decode(ids.RECEIPT, text)
    receipt: Receipt | None = None
    if receipt_id is not None and sees_live(request):
        receipt = Receipt.objects.filter(id=receipt_id).first()
    if receipt is None:
        raise not_found()
    return receipt


class ReceiptList(InvoiceView):
    @extend_schema(
        operation_id="receipts_list",
        responses={200: schema.ReceiptPage, **problems(401, 403, 422)},
        parameters=[*PAGING, TENANT],
        tags=["invoices"],
    )
    def get(self, request: Request) -> Response:
        """Receipts of top-ups, newest first."""
        Parameters(request, takes=("tenant_id",)).close()
        user: Any = request.user
        with principal_context(user):
            rows = Receipt.objects.all() if sees_live(request) else Receipt.objects.none()
            if (tenant := tenant_parameter(request)) is not None:
                rows = rows.filter(tenant_id=tenant)
            page, cursor = page_read(request, rows, ids.RECEIPT)
        return Response(page_json([receipt_json(receipt) for receipt in page], cursor))


class ReceiptDetail(InvoiceView):
    @extend_schema(
        operation_id="receipts_get",
        responses={200: schema.Receipt, **problems(401, 403, 404)},
        tags=["invoices"],
    )
    def get(self, request: Request, receipt_id: str) -> Response:
        """One receipt."""
        user: Any = request.user
        with principal_context(user):
            return Response(receipt_json(receipt_of(request, receipt_id)))


class ReceiptPdf(InvoiceView):
    @extend_schema(
        operation_id="receipts_pdf",
        responses={(200, "application/pdf"): bytes, **problems(401, 403, 404)},
        tags=["invoices"],
    )
    def get(self, request: Request, receipt_id: str) -> HttpResponse:
        """The PDF, always the same bytes."""
        user: Any = request.user
        with principal_context(user):
            receipt = receipt_of(request, receipt_id)
        document = receipt_document(receipt)
        return document_response(document, document.name)
