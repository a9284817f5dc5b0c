"""Stripe's objects as the interface's shapes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from billing.providers.interface import About, Notice, PaymentState, Progress, SavedMethod
from billing.providers.stripe.amounts import from_units

ORDER = "cavendish_payment"
TENANT = "cavendish_tenant"
"""Names in the metadata of what we make there."""

PROGRESS = {
    "succeeded": Progress.SUCCEEDED,
    "processing": Progress.PENDING,
    "requires_capture": Progress.PENDING,
    "requires_action": Progress.REQUIRES_ACTION,
    "requires_confirmation": Progress.REQUIRES_ACTION,
    "requires_payment_method": Progress.FAILED,
    "canceled": Progress.FAILED,
}
TAKEN = frozenset({"needs_response", "under_review", "lost"})
"""States of a dispute in which Stripe has taken the money; a warning takes none, and one that is won gives it back."""

EVENTS = {
    "payment_intent": About.PAYMENT,
    "charge": About.PAYMENT,
    "refund": About.PAYMENT,
    "dispute": About.PAYMENT,
    "checkout.session": About.PAGE,
    "payment_method": About.METHOD,
}
QUIET = frozenset({"payment_intent.created", "payment_method.attached"})
"""What changes nothing that we do not know already."""


def reference_of(value: Any) -> str:
    """Returns the id of what may be expanded or not, or absent."""
    if not value:
        return ""
    return value if isinstance(value, str) else str(value["id"])


def order_of(thing: Mapping[str, Any]) -> str:
    return str((thing.get("metadata") or {}).get(ORDER, ""))


def method_of(thing: Mapping[str, Any]) -> SavedMethod:
    """Returns a payment method, or a card of the older kind."""
    kind = thing.get("type") or "card"
    if thing.get("object") == "card":
        kind, details = "card", thing
    else:
        details = thing.get(kind) or {}
    return SavedMethod(
        reference=thing["id"],
        type=kind[:32],
        brand=str(details.get("brand") or details.get("bank_name") or "").lower()[:32],
        last4=str(details.get("last4") or "")[:4],
        exp_month=details.get("exp_month"),
        exp_year=details.get("exp_year"),
    )


def payment_of(intent: Mapping[str, Any], disputes: list[Mapping[str, Any]]) -> PaymentState:
    """Returns the state of a payment intent whose latest charge is expanded."""
    currency = str(intent["currency"]).upper()
    charge = intent.get("latest_charge")
    whole = isinstance(charge, Mapping)
    progress = PROGRESS.get(intent["status"], Progress.PENDING)
    received = int(intent.get("amount_received") or intent["amount"]) if progress is Progress.SUCCEEDED else 0
    disputed = sum(int(dispute["amount"]) for dispute in disputes if dispute["status"] in TAKEN)
    refunded = int(charge.get("amount_refunded") or 0) if isinstance(charge, Mapping) else 0
    taken = from_units(min(refunded + disputed, received), currency) if whole else None
    error = intent.get("last_payment_error") or {}
    code = error.get("decline_code") or error.get("code") or ""
    if intent["status"] == "canceled":
        code = code or "canceled"
    return PaymentState(
        reference=intent["id"],
        progress=progress,
        received=from_units(received, currency),
        currency=currency,
        order_id=order_of(intent),
        charge_reference=reference_of(charge),
        taken_back=taken,
        dispute=str(disputes[0]["status"])[:32] if disputes else "",
        failure_code=str(code)[:64],
        failure_message=str(error.get("message") or "")[:300],
    )


def notice_of(event: Mapping[str, Any]) -> Notice:
    """Returns what an event is about. What concerns none of ours is about nothing."""
    thing = event["data"]["object"]
    kind = str(thing.get("object", ""))
    about = EVENTS.get(kind, About.NOTHING)
    if event["type"] in QUIET:
        about = About.NOTHING
    if about is About.PAYMENT and kind != "payment_intent":
        named = reference_of(thing.get("payment_intent"))
        # A charge that was made without a payment intent is none of ours.
        about = about if named else About.NOTHING
    else:
        named = str(thing.get("id", ""))
    return Notice(
        reference=str(event["id"])[:100],
        type=str(event["type"])[:100],
        happened_at=datetime.fromtimestamp(int(event["created"]), UTC),
        about=about,
        object_reference=named[:100],
        order_id=order_of(thing)[:64],
    )
