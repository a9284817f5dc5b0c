"""`/api/v1/invoices/{invoice_id}/payments`: operators record what was paid."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication.drf import actor
from accounts.authentication.operators import OperatorView
from billing.invoices import schema
from billing.invoices.api import invoice_of
from billing.invoices.operator_api import check_coins, shown
from billing.payments import payment_record
from billing.payments import schema as payments_schema
from billing.payments.bodies import PaymentNew
from cavendish.http.json_body import body_of
from cavendish.http.schema import problems


class InvoicePayments(OperatorView):
    @extend_schema(
        operation_id="invoices_pay",
        request=payments_schema.PaymentNew,
        responses={200: schema.Invoice, **problems(400, 401, 404, 409, 422)},
        tags=["operators"],
    )
    def post(self, request: Request, invoice_id: str) -> Response:
        """Records money that came in. The invoice is paid when nothing is left; a reference counts once."""
        invoice = invoice_of(request, invoice_id)
        values = body_of(request, PaymentNew)
        check_coins(invoice, values["amount"], "/amount")
        payment_record(invoice_id=invoice.id, actor=actor(request), **values)
        return shown(invoice.id)
