"""`/api/v1/invoices/{invoice_id}/payments`: operators record what was paid, and take back what was not."""

from __future__ import annotations

from collections.abc import Sequence

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication.drf import actor
from accounts.authentication.operators import OperatorView
from accounts.roles.operators import OperatorPermission
from billing.invoices.api import invoice_of
from billing.invoices.operator_api import coins_check, invoice_operation, invoice_response
from billing.payments import payment_from_balance, payment_record, payment_reverse, schema
from billing.payments.bodies import PaymentNew, ReversalNew
from cavendish.db import ids
from cavendish.http.json_body import body_of
from cavendish.http.problems import not_found


class InvoicePayments(OperatorView):
    operator_permissions = {"POST": OperatorPermission.MONEY}

    @invoice_operation("invoices_pay", body=schema.PaymentNew)
    def post(self, request: Request, invoice_id: str) -> Response:
        """Records money that came in; what is more than is left goes into the balance. Or pays from the balance."""
        invoice = invoice_of(request, invoice_id)
        values = body_of(request, PaymentNew)
        if "from" in values:
            payment_from_balance(invoice_id=invoice.id, actor=actor(request))
            return invoice_response(invoice.id)
        coins_check(invoice, values["amount"], "/amount")
        payment_record(invoice_id=invoice.id, actor=actor(request), **values)
        return invoice_response(invoice.id)

    def replay(self, request: Request, created_ids: Sequence[str], invoice_id: str) -> Response:
        return invoice_response(invoice_of(request, invoice_id).id)


class PaymentReversal(OperatorView):
    operator_permissions = {"POST": OperatorPermission.MONEY}

    @invoice_operation("invoices_payments_reverse", body=schema.ReversalNew)
    def post(self, request: Request, invoice_id: str, payment_id: str) -> Response:
        """Takes back a payment that bounced or belongs elsewhere. The invoice is to be paid again."""
        invoice, payment = invoice_of(request, invoice_id), ids.decode(ids.PAYMENT, payment_id)
        if payment is None:
            raise not_found()
        values = body_of(request, ReversalNew)
        payment_reverse(payment_id=payment, invoice_id=invoice.id, actor=actor(request), **values)
        return invoice_response(invoice.id)

    def replay(self, request: Request, created_ids: Sequence[str], invoice_id: str, payment_id: str) -> Response:
        return invoice_response(invoice_of(request, invoice_id).id)
