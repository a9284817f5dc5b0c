"""What comes to the webhook: from Stripe or not, in time or not, once or often."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from billing.models import ProviderEvent
from billing.provider_payments import events, polling, watch
from billing.provider_payments.events import provider_events_process
from billing.provider_payments.outcomes import payment_apply
from billing.provider_payments.polling import provider_poll
from billing.provider_payments.sending import payment_read
from billing.provider_payments.watch import ANSWERED, TOLD, provider_watch
from billing.providers import provider_forget
from billing.providers.interface import PaymentState
from cavendish.above.admin.home.selectors.parts import gauges_read, payment_provider
from cavendish.above.admin.home.selectors.window import Window
from cavendish.db.router import acting_as
from tests.billing.providers.payers import WEBHOOK, Payer, deliver, payer, poll, told
from tests.billing.providers.stripe_server import Json, StripeServer
from tests.generations.helpers import rows

D = Decimal


def pending(stripe: StripeServer) -> tuple[Payer, Json]:
    """A tenant whose bank debit has come at Stripe, and the event of it, of which nobody has heard."""
    who = payer()
    who.save("pm_sepa")
    who.top_up("30.00")
    stripe.settle(stripe.one("payment_intent")["id"])
    return who, told(stripe, "payment_intent.succeeded")


def event_row(event: Json) -> ProviderEvent:
    with acting_as("operator"):
        return ProviderEvent.objects.get(reference=event["id"])


def test_only_what_stripe_has_signed_in_the_last_minutes_is_believed(stripe: StripeServer) -> None:
    who, event = pending(stripe)
    forged = {"secret": "whsec_of_somebody"}
    for signing in (forged, {"at": time.time() - 400}, {"at": time.time() - 86_400}):
        said = deliver(stripe, event, status=400, **signing)
        assert said["code"] == "signature_invalid"
    body, headers = stripe.signed(event)
    kind = headers.pop("Content-Type")
    client = Client()
    changed = body.replace(b'"succeeded"', b'"Succeeded"')
    odd: list[tuple[bytes, dict[str, str]]] = [
        (changed, headers), (b"", headers), (b"\xff\xfe", headers), (body, {}),
        (body, {"Stripe-Signature": "t=x,v1="}), (body, {"Stripe-Signature": headers["Stripe-Signature"][:-2]}),
    ]  # fmt: skip
    for content, with_headers in odd:
        assert client.post(WEBHOOK, data=content, content_type=kind, headers=with_headers).status_code == 400
    for text in (b"[]", b'"x"', b"{}", b'{"id": 1, "data": {}}', b"nonsense"):
        signature = signed_as(stripe, text)
        answer = client.post(WEBHOOK, data=text, content_type=kind, headers={"Stripe-Signature": signature})
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed_event")
    with acting_as("operator"):
        assert not ProviderEvent.objects.filter(reference=event["id"]).exists()
    assert who.balance == 0
    assert client.get(WEBHOOK).status_code == 405
    assert client.post("/payments/paypal/webhook", data=body, content_type=kind, headers=headers).status_code == 404
    deliver(stripe, event)
    assert who.balance == D(30)


def signed_as(stripe: StripeServer, text: bytes) -> str:
    moment = int(time.time())
    return f"t={moment},v1={hmac.new(stripe.secret.encode(), f'{moment}.'.encode() + text, hashlib.sha256).hexdigest()}"


def test_an_event_is_acted_on_once_and_secrets_may_follow_each_other(stripe: StripeServer, settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRET = ["whsec_that_comes_next", stripe.secret]
    provider_forget()
    who, event = pending(stripe)
    assert deliver(stripe, event)["new"] is True
    for _ in range(3):
        assert deliver(stripe, event)["new"] is False
    row = event_row(event)
    assert (row.state, row.source, row.tenant_id) == ("processed", "webhook", who.tenant.id)
    assert who.balance == D(30)


def test_a_provider_that_is_away_while_an_event_is_acted_on_is_asked_again(stripe: StripeServer) -> None:
    who, event = pending(stripe)
    stripe.fail(r"/v1/payment_intents/\w+", "before")
    deliver(stripe, event)
    row = event_row(event)
    assert (row.state, row.tries, who.balance) == ("received", 1, D(0))
    poll()
    assert (event_row(event).state, who.balance) == ("processed", D(30))


def test_what_is_none_of_ours_is_noted_and_passed_over(stripe: StripeServer) -> None:
    """Other shops may live in the same account of Stripe's."""
    intent = stripe.intent_new({"amount": "500", "currency": "usd", "metadata": {"order": "17"}})
    stripe.succeed(intent)
    events = [told(stripe, "payment_intent.succeeded"), stripe.event("invoice.paid", stripe.new("invoice", "in"))]
    charge = stripe.new("charge", "ch", amount=1, currency="usd", payment_intent=None, amount_refunded=0)
    events.append(stripe.event("charge.succeeded", charge))
    stranger = stripe.new("payment_intent", "pi", metadata={"cavendish_payment": "pay_" + "0" * 32}, status="succeeded")
    events.append(stripe.event("payment_intent.succeeded", stranger))
    gone = {**told(stripe, "payment_intent.succeeded"), "id": "evt_gone"}
    gone["data"] = {"object": {"id": "pi_gone", "object": "payment_intent"}}
    events.append(gone)
    for event in events:
        deliver(stripe, event)
        assert event_row(event).state == "ignored", event["type"]


def test_saving_a_method_on_the_providers_page_and_taking_it_off_there(stripe: StripeServer) -> None:
    who = payer()
    page = who.calls.post("payment-methods/pages", None)
    session = stripe.one("checkout.session")
    assert page == {"object": "hosted_page", "url": session["url"]}
    method = stripe.save(session["id"])
    deliver(stripe, told(stripe, "checkout.session.completed"))
    [saved] = who.calls.get("payment-methods")["data"]
    assert (saved["default"], saved["last4"]) == (True, "4242")
    method["customer"] = None
    deliver(stripe, stripe.event("payment_method.detached", method))
    assert who.calls.get("payment-methods")["data"] == []


def test_nothing_of_a_key_or_a_card_is_kept(stripe: StripeServer) -> None:
    _, event = pending(stripe)
    deliver(stripe, event)
    with acting_as("operator"):
        kept = json.dumps(list(ProviderEvent.objects.filter(reference=event["id"]).values()), default=str)
    assert stripe.key not in kept
    assert "last4" not in kept


@pytest.mark.parametrize("name", ["payment_intent.succeeded", "charge.refunded"])
def test_events_in_the_wrong_order_lead_to_what_is_so_now(stripe: StripeServer, name: str) -> None:
    who, succeeded = pending(stripe)
    stripe.refund(stripe.one("payment_intent")["id"], 1000)
    refunded = told(stripe, "charge.refunded")
    first, second = (refunded, succeeded) if name == "charge.refunded" else (succeeded, refunded)
    deliver(stripe, first)
    deliver(stripe, second)
    assert who.balance == D(20)


def test_the_platform_knows_how_it_stands_with_its_provider(stripe: StripeServer) -> None:
    """What it told last, what is not booked yet, and whether it answers: for the metric and the front page."""
    who, event = pending(stripe)
    poll()
    assert who.balance == 30
    assert provider_watch() == 0
    assert TOLD._value.get() > 0
    answered = ANSWERED._value.get()
    assert time.time() - answered < 60

    rows("owner", "UPDATE billing_providerevent SET state = 'received', received_at = now() - interval '2 minutes' "
         "WHERE reference = %s", event["id"])  # fmt: skip
    assert provider_watch() == 1
    with acting_as("operator"):
        seen = payment_provider(gauges_read(Window(timezone.now())))
    assert seen is not None
    assert (seen.name, seen.unbooked) == ("stripe", 1)
    assert seen.answered_at is not None
    assert seen.told_at is not None

    stripe.fail("/v1/events", "before", times=9)
    ANSWERED.set(0)
    poll()
    provider_watch()
    assert ANSWERED._value.get() == 0  # who is away has not answered
    watch._asked.clear()  # nor has who is away since the start, whose silence counts from there
    provider_watch()
    assert time.time() - ANSWERED._value.get() < 60


def test_an_event_that_cannot_be_booked_stops_none_behind_it(
    stripe: StripeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, first = pending(stripe)
    other, second = pending(stripe)

    def books(payment_id: UUID, state: PaymentState, **options: Any) -> None:
        if payment_read(payment_id).tenant_id == who.tenant.id:
            raise ValueError("a mistake of ours")
        payment_apply(payment_id, state, **options)

    for module in (events, polling):
        monkeypatch.setattr(module, "payment_apply", books)
    for event in (first, second):
        deliver(stripe, event)
    provider_poll()
    assert (who.balance, other.balance) == (D(0), D(30))
    kept = event_row(first)
    assert (kept.state, kept.error, event_row(second).state) == ("received", "internal", "processed")
    assert kept.due_at > timezone.now()
    # however often: it is booked when that is mended
    rows("owner", "UPDATE billing_providerevent SET tries = 99, due_at = now() WHERE reference = %s", first["id"])
    provider_events_process()
    assert event_row(first).state == "received"
    monkeypatch.undo()
    rows("owner", "UPDATE billing_providerevent SET due_at = now() WHERE reference = %s", first["id"])
    provider_events_process()
    assert (who.balance, event_row(first).state) == (D(30), "processed")
