"""`/api/v1/invoices/{invoice_id}/credit-notes`: operators take an issued invoice back, whole or by lines."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication.drf import actor
from accounts.authentication.operators import OperatorView
from accounts.roles.operators import OperatorPermission
from billing.credit_notes import schema
from billing.credit_notes.bodies import CreditNoteNew
from billing.credit_notes.representation import credit_note_json
from billing.credit_notes.services import credit_note_issue
from billing.invoices.api import invoice_of
from billing.invoices.operator_api import coins_check, invoice_operation
from billing.invoices.selectors import credit_note_lines
from billing.models import CreditNote, Invoice
from cavendish.db import ids
from cavendish.http.json_body import body_of


class InvoiceCreditNotes(OperatorView):
    operator_permissions = {"POST": OperatorPermission.MONEY}

    @invoice_operation("credit_notes_create", body=schema.CreditNoteNew, status=201, answer=schema.CreditNote)
    def post(self, request: Request, invoice_id: str) -> Response:
        """Credits lines of an issued invoice, or all that is left of it."""
        invoice = invoice_of(request, invoice_id)
        values = body_of(request, CreditNoteNew)
        for index, amount in enumerate((values.get("lines") or {}).values()):
            coins_check(invoice, amount, f"/lines/{index}/amount")
        return self._issued(invoice, credit_note_issue(invoice_id=invoice.id, actor=actor(request), **values))

    def replay(self, request: Request, created_ids: Sequence[str], invoice_id: str) -> Response:
        return self._issued(invoice_of(request, invoice_id), CreditNote.objects.get(id=UUID(created_ids[0])))

    def _issued(self, invoice: Invoice, note: CreditNote) -> Response:
        location = {"Location": f"/api/v1/credit-notes/{ids.encode(ids.CREDIT_NOTE, note.id)}"}
        return Response(credit_note_json(note, invoice, credit_note_lines(note)), 201, headers=location)
