"""Payments through a provider as the API shows them."""

from __future__ import annotations

from typing import Any

from billing.models import ProviderEvent, ProviderPayment
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
        "waived": amount_text(row.waived),
        "problem": _problem(row),
        "set_aside": _set_aside(row),
        "actor": row.actor,
    }


def provider_event_json(row: ProviderEvent) -> dict[str, Any]:
    """Returns an event of the provider with its state, and why it waits."""
    return {
        "id": row.reference,
        "object": "provider_event",
        "provider": row.provider,
        "type": row.type,
        "reference": row.object_reference or None,
        "tenant_id": ids.encode(ids.TENANT, row.tenant_id) if row.tenant_id else None,
        "state": row.state,
        "tries": row.tries,
        "error": {"code": row.error, "message": row.error_detail} if row.error else None,
        "next_try_at": moment(row.due_at) if row.state == ProviderEvent.State.RECEIVED else None,
        "set_aside": _set_aside(row),
        "happened_at": moment(row.happened_at),
        "received_at": moment(row.received_at),
    }


def _problem(row: ProviderPayment) -> dict[str, Any] | None:
    if not row.problem:
        return None
    came = None if row.came is None else {"amount": amount_text(row.came), "currency": row.came_currency}
    return {"code": row.problem, "message": row.problem_detail, "since": moment(row.problem_at), "came": came}


def _set_aside(row: ProviderPayment | ProviderEvent) -> dict[str, Any] | None:
    if row.set_aside_at is None:
        return None
    return {"at": moment(row.set_aside_at), "by": row.set_aside_by, "note": row.set_aside_note}
