"""What operators do with invoices. Every refusal is a 409 that says why; nothing is written then."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.audit.services import audit_add
from accounts.authentication.drf import actor
from accounts.authentication.operators import OperatorView
from accounts.authentication.parameters import tenant_of
from billing.invoices import schema
from billing.invoices.api import invoice_of
from billing.invoices.bodies import DraftNew, SendBody, VoidBody
from billing.invoices.documents import invoice_document
from billing.invoices.mails import invoice_send, recipients
from billing.invoices.representation import invoice_json
from billing.invoices.selectors import invoice_detail, invoice_find
from billing.invoices.services import invoice_finalise, invoice_void, month_draft
from billing.models import Invoice
from billing.money import minor_text
from cavendish.db.router import current_alias
from cavendish.http.json_body import body_of
from cavendish.http.problems import conflict, invalid_value, not_found
from cavendish.http.schema import problems


def shown(invoice_id: Any, status: int = 200) -> Response:
    invoice = invoice_find(invoice_id)
    if invoice is None:
        raise not_found()
    return Response(invoice_json(invoice_detail(invoice)), status)


class TenantInvoices(OperatorView):
    @extend_schema(
        operation_id="invoices_draft",
        request=schema.DraftNew,
        responses={200: schema.Invoice, **problems(400, 401, 404, 409, 422)},
        tags=["operators"],
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """Drafts a tenant's invoice of a month that is over, or sums the draft up again."""
        wanted = tenant_of(tenant_id)
        month = body_of(request, DraftNew)["month"]
        return shown(month_draft(month=month, tenant_id=wanted).id)


class InvoiceFinalise(OperatorView):
    @extend_schema(
        operation_id="invoices_finalise",
        request=None,
        responses={200: schema.Invoice, **problems(401, 404, 409)},
        tags=["operators"],
    )
    def post(self, request: Request, invoice_id: str) -> Response:
        """Closes the month of a draft and gives it its number, without waiting for late jobs. Never while it runs."""
        invoice = invoice_of(request, invoice_id)
        answer = invoice_finalise(invoice_id=invoice.id, actor=actor(request))
        if answer["code"] == "empty":
            raise conflict("invoice_empty", "Nothing is left on this draft, so it was dropped.")
        return shown(invoice.id)


class InvoiceVoid(OperatorView):
    @extend_schema(
        operation_id="invoices_void",
        request=schema.VoidBody,
        responses={200: schema.Invoice, **problems(400, 401, 404, 409, 422)},
        tags=["operators"],
    )
    def post(self, request: Request, invoice_id: str) -> Response:
        """Takes back an issued invoice on which nothing was paid, and drafts its month again. Answers the new draft."""
        invoice = invoice_of(request, invoice_id)
        reason = body_of(request, VoidBody)["reason"]
        return shown(invoice_void(invoice_id=invoice.id, reason=reason, actor=actor(request)).id)


class InvoiceSend(OperatorView):
    @extend_schema(
        operation_id="invoices_send",
        request=schema.SendBody,
        responses={202: schema.Sent, **problems(400, 401, 404, 409, 422)},
        tags=["operators"],
    )
    def post(self, request: Request, invoice_id: str) -> Response:
        """Mails the PDF of an issued invoice again."""
        invoice = invoice_of(request, invoice_id)
        to = body_of(request, SendBody).get("to") or recipients(invoice.tenant_id)
        if invoice.number is None:
            raise conflict("invoice_draft", "The invoice is a draft; finalise it first.")
        if not to:
            raise conflict("nobody_to_send_to", "The tenant has no billing emails, no owner and no billing member.")
        document = invoice_document(invoice)
        with transaction.atomic(using=current_alias()):
            invoice_send(invoice=invoice, document=document, to=to)
            audit_add(
                actor=actor(request),
                action="invoice.sent",
                tenant_id=invoice.tenant_id,
                target="invoice",
                target_id=invoice.id,
                after={"to": to},
            )
        return Response({"object": "invoice_mail", "to": to}, 202)


def check_coins(invoice: Invoice, amount: Any, pointer: str) -> None:
    """Raises a 422 for an amount that the currency's coins cannot pay."""
    if amount != round(amount, invoice.digits):
        example = minor_text(round(amount, invoice.digits), invoice.digits)
        places = f"{invoice.digits} decimal places" if invoice.digits else "no decimal places"
        raise invalid_value(pointer, "too_precise", f"{invoice.currency} has {places}; write it like {example}.")
