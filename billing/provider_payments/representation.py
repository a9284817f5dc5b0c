"""Payments through a provider as the API shows them."""

from __future__ import annotations

from typing import Any

from billing.models import ProviderPayment
from billing.money import amount_text
from cavendish.db import ids
from cavendish.http.times import moment

SHOWN = {"created": "pending"}
"""That a payment is on its way to the provider is nobody's business: it is pending."""


def payment_status(row: ProviderPayment) -> str:
    return SHOWN.get(row.status, row.status)


def top_up_json(row: ProviderPayment) -> dict[str, Any]:
    """Returns a top-up, by hand or automatic, with every field."""
    entry = row.ledger_transaction_id
    is_open = row.status in ProviderPayment.OPEN
    failed = row.status == ProviderPayment.Status.FAILED
    return {
        "id": ids.encode(ids.PROVIDER_PAYMENT, row.id),
        "object": "top_up",
        "status": payment_status(row),
        "automatic": row.purpose == ProviderPayment.Purpose.AUTO_TOP_UP,
        "amount": amount_text(row.amount),
        "currency": row.currency,
        "payment_method_id": ids.encode(ids.PAYMENT_METHOD, row.method_id) if row.method_id else None,
        "hosted_url": row.hosted_url or None if is_open else None,
        "failure": {"code": row.failure_code, "message": row.failure_message} if failed else None,
        "taken_back": amount_text(row.taken_back),
        "dispute": row.dispute or None,
        "ledger_transaction_id": ids.encode(ids.LEDGER_TRANSACTION, entry) if entry else None,
        "created_at": moment(row.created_at),
        "ended_at": moment(row.ended_at),
    }


def provider_payment_json(row: ProviderPayment) -> dict[str, Any]:
    """Returns what operators see of a payment: also the provider's ids and what was taken back."""
    shown = top_up_json(row)
    del shown["automatic"]
    return {
        **shown,
        "object": "provider_payment",
        "purpose": row.purpose,
        "invoice_id": ids.encode(ids.INVOICE, row.invoice_id) if row.invoice_id else None,
        "provider": row.provider,
        "reference": row.reference or None,
        "received": amount_text(row.received),
        "reversed": amount_text(row.reversed),
        "actor": row.actor,
    }
