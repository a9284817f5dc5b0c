"""Credit notes as the API shows them, the same figures as on the PDF."""

from __future__ import annotations

from typing import Any

from billing.invoices.labels import line_text
from billing.models import CreditNote, CreditNoteLine, Invoice
from billing.money import minor_text
from cavendish.db import ids


def credit_note_json(note: CreditNote, invoice: Invoice, lines: list[CreditNoteLine]) -> dict[str, Any]:
    """Returns a credit note; every field is always present."""
    public = ids.encode(ids.CREDIT_NOTE, note.id)
    return {
        "id": public,
        "object": "credit_note",
        "tenant_id": ids.encode(ids.TENANT, note.tenant_id),
        "number": note.number,
        "invoice_id": ids.encode(ids.INVOICE, note.invoice_id),
        "invoice_number": invoice.number,
        "reason": note.reason,
        "currency": invoice.currency,
        "issued_on": note.issued_on.isoformat(),
        "lines": [
            {
                "number": line.invoice_line.number,
                "description": line_text(line.invoice_line),
                "amount": minor_text(line.amount, invoice.digits),
            }
            for line in lines
        ],
        "net": minor_text(note.net, invoice.digits),
        "tax": minor_text(note.tax, invoice.digits),
        "total": minor_text(note.total, invoice.digits),
        "taken_off_due": minor_text(note.to_due, invoice.digits),
        "added_to_balance": minor_text(note.to_balance, invoice.digits),
        "pdf_url": f"/api/v1/credit-notes/{public}.pdf",
        "xml_url": f"/api/v1/credit-notes/{public}.xml",
    }
