"""`/api/v1/invoices/{invoice_id}/payments`: operators record what was paid."""

from __future__ import annotations

from collections.abc import Sequence

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication.drf import actor
from accounts.authentication.operators import OperatorView
from accounts.roles.operators import OperatorPermission
from billing.invoices.api import invoice_of
from billing.invoices.operator_api import coins_check, invoice_operation, invoice_response
from billing.payments import payment_record, schema
from billing.payments.bodies import PaymentNew
from cavendish.http.json_body import body_of


class InvoicePayments(OperatorView):
    operator_permissions = {"POST": OperatorPermission.MONEY}

    @invoice_operation("invoices_pay", body=schema.PaymentNew)
    def post(self, request: Request, invoice_id: str) -> Response:
        """Records money that came in. The invoice is paid when nothing is left; a reference counts once."""
        invoice = invoice_of(request, invoice_id)
        values = body_of(request, PaymentNew)
        coins_check(invoice, values["amount"], "/amount")
        payment_record(invoice_id=invoice.id, actor=actor(request), **values)
        return invoice_response(invoice.id)

    def replay(self, request: Request, created_ids: Sequence[str], invoice_id: str) -> Response:
        return invoice_response(invoice_of(request, invoice_id).id)
