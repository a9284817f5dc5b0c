"""Receipts as the API shows them."""

from __future__ import annotations

from typing import Any

from billing.invoices.representation import party_json
from billing.models import Receipt
from billing.money import price_text
from cavendish.db import ids
from cavendish.http.times import moment

PARTY = ("name", "address", "tax_id", "email")


def receipt_json(receipt: Receipt) -> dict[str, Any]:
    """Returns a receipt; every field is always present."""
    public = ids.encode(ids.RECEIPT, receipt.id)
    return {
        "id": public,
        "object": "receipt",
        "tenant_id": ids.encode(ids.TENANT, receipt.tenant_id),
        "number": receipt.number,
        "issued_on": receipt.issued_on.isoformat(),
        "received_at": moment(receipt.received_at),
        "amount": price_text(receipt.amount),
        "currency": receipt.currency,
        "reference": receipt.reference or None,
        "ledger_transaction_id": ids.encode(ids.LEDGER_TRANSACTION, receipt.ledger_transaction_id),
        "issuer": party_json(receipt.issuer, PARTY),
        "customer": party_json(receipt.customer, PARTY),
        "pdf_url": f"/api/v1/receipts/{public}.pdf",
    }
