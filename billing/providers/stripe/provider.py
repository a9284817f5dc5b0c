"""The Stripe module: payment intents for what is charged, Checkout for what people pay or save on Stripe's pages."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

import stripe

from billing.providers.errors import NotSigned, Refused
from billing.providers.interface import (
    Notice,
    Order,
    Page,
    PageState,
    PaymentState,
    Refunded,
    SavedMethod,
)
from billing.providers.stripe import shapes
from billing.providers.stripe.amounts import from_units, to_units
from billing.providers.stripe.errors import translated
from cavendish.boot.clock import is_moved, machine_now

TIMEOUT = (5.0, 20.0)
"""Seconds to connect and to answer."""
TOLERANCE = 300
"""Seconds that a webhook's signature is good for, as Stripe's libraries have it."""
PAGE_SECONDS = 35 * 60
"""How long a page can be paid on; Stripe takes no less than half an hour."""
MOST = 100
MOST_PAGES = 50


class StripeProvider:
    name = "stripe"
    title = "Stripe"

    def __init__(self, *, secret_key: str, api_base: str, webhook_secrets: Sequence[str]) -> None:
        client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": api_base},
            # No tries of the library's own: whether a 500 has booked is found out otherwise (polling.py).
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=TIMEOUT),
        )
        # Its TypedDicts of parameters are checked at Stripe; the answers are read as plain mappings in shapes.py.
        self._api = cast(Any, client.v1)
        self._webhook_secrets = tuple(webhook_secrets)

    def amount_check(self, amount: Decimal, currency: str) -> None:
        to_units(amount, currency)

    def customer_create(self, *, tenant_id: str, name: str, email: str) -> str:
        params: dict[str, Any] = {"name": name, "metadata": {shapes.TENANT: tenant_id}}
        if email:
            params["email"] = email
        with translated():
            made = self._api.customers.create(params, {"idempotency_key": f"customer-{tenant_id}"})
        return str(made["id"])

    def method_attach(self, *, customer: str, token: str) -> SavedMethod:
        with translated():
            if token.startswith("tok_"):
                try:
                    made = self._api.payment_methods.create({"type": "card", "card": {"token": token}})
                except stripe.InvalidRequestError:
                    # Accounts, and stand-ins, that turn a token into a card only as a source of the customer.
                    card = self._api.customers.payment_sources.create(customer, {"source": token})
                    return shapes.method_of(_plain(card))
                token = made["id"]
            return shapes.method_of(_plain(self._api.payment_methods.attach(token, {"customer": customer})))

    def method_detach(self, reference: str) -> None:
        try:
            with translated():
                self._api.payment_methods.detach(reference)
        except Refused:
            return  # it is not attached any more

    def methods_page(self, *, customer: str, tenant_id: str, currency: str, return_url: str) -> Page:
        params = {
            "mode": "setup",
            "customer": customer,
            "currency": currency.lower(),
            "success_url": return_url,
            "cancel_url": return_url,
            "metadata": {shapes.TENANT: tenant_id},
        }
        with translated():  # no key: a page that is made twice saves nothing twice
            return _page(self._api.checkout.sessions.create(params))

    def charge(self, order: Order) -> PaymentState:
        assert order.method is not None
        params: dict[str, Any] = {
            "amount": to_units(order.amount, order.currency),
            "currency": order.currency.lower(),
            "customer": order.customer,
            "payment_method": order.method.reference,
            "payment_method_types": [order.method.type],
            # Nobody is there to be led through a bank's page: where one is needed, a hosted page asks for it.
            "confirm": True,
            "off_session": True,
            "metadata": _metadata(order),
        }
        with translated():
            made = self._api.payment_intents.create(params, {"idempotency_key": f"charge-{order.id}"})
        return self._state(_plain(made))

    def payment_page(self, order: Order, *, return_url: str) -> Page:
        price = {
            "currency": order.currency.lower(),
            "unit_amount": to_units(order.amount, order.currency),
            "product_data": {"name": order.description},
        }
        expires_at = int(machine_now().timestamp()) + PAGE_SECONDS
        params = {
            "mode": "payment",
            "customer": order.customer,
            "client_reference_id": order.id,
            "line_items": [{"price_data": price, "quantity": 1}],
            "success_url": return_url,
            "cancel_url": return_url,
            "expires_at": expires_at,
            "metadata": _metadata(order),
            "payment_intent_data": {"metadata": _metadata(order)},
        }
        with translated():
            key = f"page-{order.id}-{expires_at}"  # Stripe refuses a key that comes with another moment
            return _page(self._api.checkout.sessions.create(params, {"idempotency_key": key}))

    def page_close(self, reference: str) -> None:
        try:
            with translated():
                self._api.checkout.sessions.expire(reference)
        except Refused:
            return  # it is over

    def payment_cancel(self, reference: str) -> None:
        with translated():
            self._api.payment_intents.cancel(reference)

    def payment_state(self, reference: str) -> PaymentState:
        with translated():
            return self._state(_plain(self._api.payment_intents.retrieve(reference, {"expand": ["latest_charge"]})))

    def payment_find(self, *, customer: str, order_id: str) -> PaymentState | None:
        with translated():
            found = self._api.payment_intents.list({"customer": customer, "limit": MOST})
        for intent in found["data"]:
            if shapes.order_of(_plain(intent)) == order_id:
                return self.payment_state(intent["id"])
        return None

    def page_state(self, reference: str) -> PageState:
        with translated():
            found = self._api.checkout.sessions.retrieve(reference, {"expand": ["setup_intent.payment_method"]})
        page = _plain(found)
        setup = page.get("setup_intent") or {}
        method = setup.get("payment_method") if isinstance(setup, Mapping) else None
        return PageState(
            reference=page["id"],
            is_over=page["status"] != "open",
            order_id=shapes.order_of(page),
            payment_reference=shapes.reference_of(page.get("payment_intent")),
            customer=shapes.reference_of(page.get("customer")),
            method=shapes.method_of(method) if isinstance(method, Mapping) else None,
        )

    def refunds_newest(self) -> Sequence[Refunded]:
        with translated():
            found = self._api.refunds.list({"limit": MOST})
        sums: dict[tuple[str, str, str], int] = defaultdict(int)
        for refund in found["data"]:
            one = _plain(refund)
            if one.get("status") not in {"failed", "canceled"}:
                named = shapes.reference_of(one.get("payment_intent")), shapes.reference_of(one.get("charge"))
                sums[*named, str(one["currency"]).upper()] += int(one["amount"])
        return [Refunded(intent, charge, from_units(units, money)) for (intent, charge, money), units in sums.items()]

    def events_since(self, moment: datetime) -> Iterable[Notice]:
        return sorted(self._events(moment), key=lambda notice: notice.happened_at)

    def _events(self, moment: datetime) -> Iterator[Notice]:
        params: dict[str, Any] = {"limit": MOST, "created": {"gte": int(moment.timestamp())}}
        for _ in range(MOST_PAGES):
            with translated():
                found = self._api.events.list(params)
            yield from (shapes.notice_of(_plain(event)) for event in found["data"])
            if not found["has_more"] or not found["data"]:
                return
            params["starting_after"] = found["data"][-1]["id"]

    def notice_read(self, body: bytes, headers: Mapping[str, str]) -> Notice:
        header = headers.get("Stripe-Signature", "")
        for secret in self._webhook_secrets:
            try:
                # On a moved clock the provider's time is another one.
                stripe.WebhookSignature.verify_header(body, header, secret, None if is_moved() else TOLERANCE)
            except (stripe.SignatureVerificationError, UnicodeDecodeError):
                continue
            try:
                return shapes.notice_of(json.loads(body))
            except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError):
                raise NotSigned("malformed_event", "The body is no event of Stripe's.") from None
        raise NotSigned("signature_invalid", "The signature is missing, wrong, or too old.")

    def _state(self, intent: dict[str, Any]) -> PaymentState:
        charge = intent.get("latest_charge")
        disputes: list[Mapping[str, Any]] = []
        if isinstance(charge, Mapping) and charge.get("disputed"):
            with translated():
                found = self._api.disputes.list({"payment_intent": intent["id"], "limit": MOST})
            disputes = [_plain(dispute) for dispute in found["data"]]
        return shapes.payment_of(intent, disputes)


def _metadata(order: Order) -> dict[str, str]:
    return {shapes.ORDER: order.id, shapes.TENANT: order.tenant_id}


def _page(session: Any) -> Page:
    return Page(str(session["id"]), str(session["url"]))


def _plain(thing: Any) -> dict[str, Any]:
    """Returns an object of the library's as a plain dict."""
    plain: dict[str, Any] = thing.to_dict() if hasattr(thing, "to_dict") else dict(thing)
    return plain
