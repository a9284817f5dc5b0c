"""A stand-in for Stripe over HTTP, as its API is documented: what a payment provider's module is tested against.

It knows nothing of this platform. It keeps idempotency keys with their answers, as Stripe does (an answer 500 too), can
be told to fail before or after it has booked, and signs webhooks by Stripe's scheme. Test cards are Stripe's:
https://docs.stripe.com/testing.

`stripe_http.py` beside it speaks HTTP.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

Json = dict[str, Any]
CARDS = {
    "pm_card_visa": "", "pm_card_mastercard": "",
    "pm_card_chargeCustomerFail": "generic_decline",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "insufficient_funds",
    "pm_card_authenticationRequired": "authentication_required",
    "pm_card_createDispute": "",
}  # fmt: skip
DECLINED_WHEN_SAVED = {"pm_card_chargeDeclined", "tok_chargeDeclined"}
INTENT = {
    "amount", "currency", "customer", "payment_method", "payment_method_types", "confirm", "off_session", "metadata",
    "expand", "description",
}  # fmt: skip


class Answer(Exception):
    """An error of Stripe's."""

    def __init__(self, status: int, kind: str, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": kind, "code": code, "message": message, **more}}


def refused(code: str, message: str, status: int = 400) -> Answer:
    return Answer(status, "invalid_request_error", code, message)


@dataclass
class Fault:
    """What goes wrong with a request whose path matches: `before` or `after` it was done, or it `hangs` after."""

    path: str
    how: str
    times: int = 1


@dataclass
class StripeServer:
    key: str = "sk_test_of_ours"
    secret: str = "whsec_of_ours"
    things: dict[str, Json] = field(default_factory=dict)
    answers: dict[str, tuple[str, int, Json]] = field(default_factory=dict)
    events: list[Json] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    asked: list[tuple[str, str, Json, str]] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def fail(self, path: str, how: str, times: int = 1) -> None:
        self.faults.append(Fault(path, how, times))

    def all(self, kind: str) -> list[Json]:
        with self.lock:
            return [thing for thing in self.things.values() if thing["object"] == kind]

    def one(self, kind: str) -> Json:
        """The newest of a kind."""
        return self.all(kind)[-1]

    # what people and banks do

    def pay(self, session_id: str, card: str = "pm_card_visa") -> Json:
        """Somebody pays on a page; its intent."""
        with self.lock:
            session = self.things[session_id]
            assert session["status"] == "open", session["status"]
            params = {**session["_intent"], "payment_method": self.method(card)["id"]}
            intent = self.intent_new(params)
            self.confirm(intent)
            session |= {"status": "complete", "payment_status": "paid", "payment_intent": intent["id"]}
            self.event("checkout.session.completed", session)
            return intent

    def save(self, session_id: str, card: str = "pm_card_visa") -> Json:
        """Somebody saves a method on a page."""
        with self.lock:
            session = self.things[session_id]
            method = self.method(card)
            method["customer"] = session["customer"]
            setup = self.new("setup_intent", "seti", payment_method=method["id"], status="succeeded")
            session |= {"status": "complete", "setup_intent": setup["id"]}
            self.event("checkout.session.completed", session)
            return method

    def expire(self, session_id: str) -> None:
        with self.lock:
            self.things[session_id]["status"] = "expired"
            self.event("checkout.session.expired", self.things[session_id])

    def settle(self, intent_id: str, *, fails: bool = False) -> None:
        """A bank debit that was processing has come, or bounced."""
        with self.lock:
            intent = self.things[intent_id]
            if fails:
                self.decline(intent, "insufficient_funds")
            else:
                self.succeed(intent)

    def refund(self, intent_id: str, amount: int | None = None, *, tell: bool = True) -> Json:
        with self.lock:
            intent = self.things[intent_id]
            charge = self.things[intent["latest_charge"]]
            amount = charge["amount"] - charge["amount_refunded"] if amount is None else amount
            charge["amount_refunded"] += amount
            made = self.new(
                "refund", "re", amount=amount, currency=intent["currency"], charge=charge["id"], status="succeeded",
                payment_intent=intent_id,
            )  # fmt: skip
            if tell:
                self.event("charge.refunded", charge)
                self.event("refund.created", made)
            return made

    def dispute(self, intent_id: str, status: str = "needs_response") -> Json:
        """Opens the dispute of a payment, or moves it on."""
        with self.lock:
            intent = self.things[intent_id]
            charge = self.things[intent["latest_charge"]]
            known = [one for one in self.all("dispute") if one["payment_intent"] == intent_id]
            if known:
                known[0]["status"] = status
                name = "charge.dispute.closed" if status in {"won", "lost"} else "charge.dispute.updated"
                self.event(name, known[0])
                return known[0]
            charge["disputed"] = True
            made = self.new(
                "dispute", "du", amount=charge["amount"], currency=charge["currency"], charge=charge["id"],
                payment_intent=intent_id, status=status, reason="fraudulent",
            )  # fmt: skip
            self.event("charge.dispute.created", made)
            return made

    # webhooks

    def signed(self, event: Json, *, at: float | None = None, secret: str | None = None) -> tuple[bytes, Json]:
        """(body, headers) of an event's delivery, signed by Stripe's scheme."""
        body = json.dumps(event, indent=2).encode()
        moment = int(time.time() if at is None else at)
        mac = hmac.new((secret or self.secret).encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": f"t={moment},v1={mac}"}
        return body, headers

    def deliver(self, event: Json, url: str) -> httpx.Response:
        body, headers = self.signed(event)
        return httpx.post(url, content=body, headers=headers)

    # objects

    def new(self, kind: str, prefix: str, **values: Any) -> Json:
        made = {"id": f"{prefix}_{secrets.token_hex(8)}", "object": kind, "created": int(time.time()),
                "livemode": False, "metadata": {}, **values}  # fmt: skip
        self.things[made["id"]] = made
        return made

    def event(self, name: str, thing: Json) -> Json:
        told = {key: value for key, value in thing.items() if not key.startswith("_")}
        made = {"id": f"evt_{secrets.token_hex(8)}", "object": "event", "type": name, "created": int(time.time()),
                "livemode": False, "data": {"object": json.loads(json.dumps(told))}}  # fmt: skip
        self.events.append(made)
        return made

    def method(self, token: str) -> Json:
        """A saved method, or what a test name stands for, which is a new one each time."""
        if token in self.things:
            return self.things[token]
        if token in DECLINED_WHEN_SAVED:
            raise Answer(402, "card_error", "card_declined", "Your card was declined.", decline_code="generic_decline")
        if token == "pm_sepa":
            bank = {"country": "DE", "last4": "3000", "bank_code": "37040044"}
            return self.new("payment_method", "pm", type="sepa_debit", customer=None, sepa_debit=bank, _card=token)
        if token not in CARDS:
            raise refused("resource_missing", f"No such PaymentMethod: '{token}'", 404)
        card = {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2034, "funding": "credit"}
        return self.new("payment_method", "pm", type="card", customer=None, card=card, _card=token)

    def intent_new(self, params: Json) -> Json:
        if unknown := set(params) - INTENT:
            raise refused("parameter_unknown", f"Received unknown parameter: {sorted(unknown)[0]}")
        amount, currency = int(params["amount"]), params["currency"]
        if currency in {"kwd", "bhd"} and amount % 10:
            raise refused("amount_invalid", "The amount must be divisible by ten.")
        if amount < 50:
            raise refused("amount_too_small", "Amount must be at least 50 of the smallest unit.")
        method = self.things.get(params.get("payment_method", ""))
        if params.get("customer") and method and method["customer"] not in {params["customer"], None}:
            raise refused("resource_missing", f"No such PaymentMethod: '{method['id']}'")
        return self.new(
            "payment_intent", "pi", amount=amount, currency=currency, customer=params.get("customer"),
            payment_method=params.get("payment_method"), metadata=params.get("metadata", {}), latest_charge=None,
            status="requires_confirmation", amount_received=0, last_payment_error=None, next_action=None,
        )  # fmt: skip

    def confirm(self, intent: Json) -> None:
        method = self.things[intent["payment_method"]]
        if method["type"] == "sepa_debit":
            intent["status"] = "processing"
            self.event("payment_intent.processing", intent)
            return
        code = CARDS[method["_card"]]
        if code:
            self.decline(intent, code)
            error = intent["last_payment_error"]
            raise Answer(402, "card_error", error["code"], error["message"], decline_code=code, payment_intent=intent)
        self.succeed(intent)
        if method["_card"] == "pm_card_createDispute":
            self.dispute(intent["id"])

    def succeed(self, intent: Json) -> None:
        charge = self.new(
            "charge", "ch", amount=intent["amount"], currency=intent["currency"], payment_intent=intent["id"],
            amount_refunded=0, disputed=False, status="succeeded",
        )  # fmt: skip
        intent |= {"status": "succeeded", "latest_charge": charge["id"], "amount_received": intent["amount"]}
        self.event("payment_intent.succeeded", intent)

    def decline(self, intent: Json, code: str) -> None:
        name = "authentication_required" if code == "authentication_required" else "card_declined"
        error = {"type": "card_error", "code": name, "decline_code": code, "message": "Your card was declined."}
        intent |= {"status": "requires_payment_method", "last_payment_error": error}
        self.event("payment_intent.payment_failed", intent)
