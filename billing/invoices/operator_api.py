"""`/api/v1/invoices/{invoice_id}/…`: operators draft, finalise, void and send invoices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication.drf import actor
from accounts.authentication.operators import OperatorView
from accounts.authentication.parameters import tenant_of
from accounts.idempotency import note_created
from accounts.roles.operators import OperatorPermission
from billing.invoices import schema
from billing.invoices.api import invoice_of
from billing.invoices.bodies import DraftNew, SendBody, VoidBody
from billing.invoices.documents import invoice_resend
from billing.invoices.mails import recipients
from billing.invoices.representation import invoice_json
from billing.invoices.selectors import invoice_detail, invoice_find
from billing.invoices.services import invoice_finalise, invoice_void, month_draft
from billing.models import Invoice
from billing.money import minor_text
from cavendish.http.json_body import body_of
from cavendish.http.problems import conflict, invalid_value, not_found
from cavendish.http.schema import problems

Post = TypeVar("Post", bound=Callable[..., Response])


def invoice_operation(
    operation_id: str, *, body: Any, status: int = 200, answer: Any = schema.Invoice
) -> Callable[[Post], Post]:
    """Returns the decorator that describes an operator's change of an invoice."""
    errors = (401, 404, 409) if body is None else (400, 401, 404, 409, 422)
    return extend_schema(
        operation_id=operation_id, request=body, responses={status: answer, **problems(*errors)}, tags=["operators"]
    )


def invoice_response(invoice_id: UUID) -> Response:
    """Returns an invoice as it is after a change."""
    invoice = invoice_find(invoice_id)
    if invoice is None:
        raise not_found()
    return Response(invoice_json(invoice_detail(invoice)))


class TenantInvoices(OperatorView):
    operator_permissions = {"POST": OperatorPermission.MONEY}

    @invoice_operation("invoices_draft", body=schema.DraftNew)
    def post(self, request: Request, tenant_id: str) -> Response:
        """Drafts a tenant's invoice of a month that is over, or sums the draft up again."""
        tenant = tenant_of(tenant_id)
        month = body_of(request, DraftNew)["month"]
        draft = month_draft(month=month, tenant_id=tenant)
        # Not in a transaction of its own: what a second time sums up is the same draft.
        note_created(draft.id)
        return invoice_response(draft.id)

    def replay(self, request: Request, created_ids: Sequence[str], tenant_id: str) -> Response:
        return invoice_response(UUID(created_ids[0]))


class InvoiceFinalise(OperatorView):
    operator_permissions = {"POST": OperatorPermission.MONEY}

    @invoice_operation("invoices_finalise", body=None)
    def post(self, request: Request, invoice_id: str) -> Response:
        """Closes the month of a draft and gives it its number, without waiting for late jobs. Never while it runs."""
        invoice = invoice_of(request, invoice_id)
        if invoice_finalise(invoice_id=invoice.id, actor=actor(request))["code"] == "empty":
            raise conflict("invoice_empty", "Nothing is left on this draft, so it was dropped.")
        return invoice_response(invoice.id)

    def replay(self, request: Request, created_ids: Sequence[str], invoice_id: str) -> Response:
        return invoice_response(invoice_of(request, invoice_id).id)


class InvoiceVoid(OperatorView):
    operator_permissions = {"POST": OperatorPermission.MONEY}

    @invoice_operation("invoices_void", body=schema.VoidBody)
    def post(self, request: Request, invoice_id: str) -> Response:
        """Takes back an issued invoice on which nothing was paid, and drafts its month again. Returns the new draft."""
        invoice = invoice_of(request, invoice_id)
        values = body_of(request, VoidBody)
        return invoice_response(invoice_void(invoice_id=invoice.id, actor=actor(request), **values).id)

    def replay(self, request: Request, created_ids: Sequence[str], invoice_id: str) -> Response:
        return invoice_response(UUID(created_ids[0]))


class InvoiceSend(OperatorView):
    operator_permissions = {"POST": OperatorPermission.MONEY}

    @invoice_operation("invoices_send", body=schema.SendBody, status=202, answer=schema.Sent)
    def post(self, request: Request, invoice_id: str) -> Response:
        """Mails the PDF of an issued invoice again."""
        invoice = invoice_of(request, invoice_id)
        values = body_of(request, SendBody)
        to = invoice_resend(invoice=invoice, actor=actor(request), **values)
        return self._sent(to)

    def replay(self, request: Request, created_ids: Sequence[str], invoice_id: str) -> Response:
        to = body_of(request, SendBody).get("to")
        return self._sent(to or recipients(invoice_of(request, invoice_id).tenant_id))

    def _sent(self, to: Sequence[str]) -> Response:
        return Response({"object": "invoice_mail", "to": to}, 202)


def coins_check(invoice: Invoice, amount: Any, pointer: str) -> None:
    """Raises a 422 for an amount that the currency's coins cannot pay."""
    if amount != round(amount, invoice.digits):
        coin = Decimal(1).scaleb(-invoice.digits)
        example = minor_text(round(amount, invoice.digits) or coin, invoice.digits)
        places = f"{invoice.digits} decimal places" if invoice.digits else "no decimal places"
        raise invalid_value(pointer, "too_precise", f"{invoice.currency} has {places}; write it like {example}.")
