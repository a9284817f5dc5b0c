"""Top-ups through the payment provider: by a saved card, on its page, by bank debit; and all that goes wrong."""

from __future__ import annotations

import json
from decimal import Decimal

from billing.models import LedgerTransaction
from billing.provider_payments.automatic import auto_top_up_run
from billing.receipts.services import receipts_create
from cavendish.db.router import acting_as
from tests.billing.invoices.helpers import billed_tenant, differing, spend
from tests.billing.operators import wrong
from tests.billing.providers.payers import deliver, payer, payer_of, poll, told
from tests.billing.providers.stripe_server import StripeServer

D = Decimal


def test_a_saved_card_tops_up_at_once_and_once(stripe: StripeServer) -> None:
    who = payer()
    saved = who.calls.post("payment-methods", {"token": "pm_card_visa"})
    assert (saved["type"], saved["brand"], saved["last4"], saved["default"]) == ("card", "visa", "4242", True)
    made = who.top_up("20.00")
    assert (made["status"], made["amount"], made["payment_method_id"]) == ("succeeded", "20.000000000", saved["id"])
    assert who.balance == D("20.00")
    movement = who.calls.get("ledger")["data"][0]
    assert (movement["transaction_id"], movement["kind"]) == (made["ledger_transaction_id"], "top_up")
    # what Stripe tells of it afterwards, twice, and what is asked of it, books nothing more
    for _ in range(2):
        deliver(stripe, told(stripe, "payment_intent.succeeded"))
    poll()
    assert who.balance == D("20.00")
    assert len(stripe.all("payment_intent")) == 1
    assert who.seen(made)["status"] == "succeeded"
    assert differing(who.tenant) == set()


def test_without_a_saved_method_the_payer_is_led_to_the_providers_page(stripe: StripeServer) -> None:
    who = payer()
    made = who.top_up("12.50")
    assert made["status"] == "requires_action"
    session = stripe.one("checkout.session")
    assert made["hosted_url"] == session["url"]
    poll()
    assert (who.seen(made)["status"], who.balance) == ("requires_action", D(0))
    stripe.pay(session["id"])
    deliver(stripe, told(stripe, "checkout.session.completed"))
    assert (who.seen(made)["status"], who.balance) == ("succeeded", D("12.50"))
    assert who.seen(made)["hosted_url"] is None
    # one that nobody pays ends
    left = who.top_up("5.00", hosted=True)
    stripe.expire(stripe.one("checkout.session")["id"])
    poll()
    seen = who.seen(left)
    assert (seen["status"], seen["failure"]["code"], who.balance) == ("failed", "page_expired", D("12.50"))


def test_a_declined_card_books_nothing_and_says_why(stripe: StripeServer) -> None:
    who = payer()
    problem = who.calls.post("payment-methods", {"token": "pm_card_chargeDeclined"}, status=402)
    assert (problem["code"], problem["detail"]) == ("payment_declined", "Your card was declined. (generic_decline)")
    who.save("pm_card_visa_chargeDeclinedInsufficientFunds")
    made = who.top_up()
    assert (made["status"], made["failure"]["code"]) == ("failed", "insufficient_funds")
    deliver(stripe, told(stripe, "payment_intent.payment_failed"))
    poll()
    assert (who.seen(made)["status"], who.balance) == ("failed", D(0))


def test_a_card_whose_bank_asks_its_owner_leads_to_a_page(stripe: StripeServer) -> None:
    who = payer()
    who.save("pm_card_authenticationRequired")
    made = who.top_up()
    session = stripe.one("checkout.session")
    assert (made["status"], made["hosted_url"]) == ("requires_action", session["url"])
    first = stripe.one("payment_intent")
    assert first["status"] == "canceled"  # one of both can be paid
    deliver(stripe, told(stripe, "payment_intent.canceled"))
    poll()
    assert who.seen(made)["status"] == "requires_action"
    stripe.pay(session["id"])
    deliver(stripe, told(stripe, "payment_intent.succeeded"))
    assert (who.seen(made)["status"], who.balance) == ("succeeded", D(20))


def test_a_bank_debit_is_pending_for_days_then_comes_or_bounces(stripe: StripeServer) -> None:
    who = payer()
    assert who.calls.post("payment-methods", {"token": "pm_sepa"})["type"] == "sepa_debit"
    comes, bounces = who.top_up("30.00"), who.top_up("40.00")
    assert {comes["status"], bounces["status"]} == {"pending"}
    first, second = stripe.all("payment_intent")
    poll()
    assert who.balance == 0
    stripe.settle(first["id"])
    stripe.settle(second["id"], fails=True)
    deliver(stripe, told(stripe, "payment_intent.succeeded"))
    deliver(stripe, told(stripe, "payment_intent.payment_failed"))
    assert who.seen(comes)["status"] == "succeeded"
    assert (who.seen(bounces)["status"], who.balance) == ("failed", D(30))


def test_an_event_that_is_lost_is_found_by_asking(stripe: StripeServer) -> None:
    who = payer()
    who.save("pm_sepa")
    made = who.top_up("30.00")
    stripe.settle(stripe.one("payment_intent")["id"])
    poll()
    assert (who.seen(made)["status"], who.balance) == ("succeeded", D(30))
    # the webhook comes at last: an event is acted on once, whoever told of it
    assert deliver(stripe, told(stripe, "payment_intent.succeeded"))["new"] is False
    assert who.balance == D(30)


def test_a_provider_that_fails_after_it_has_booked_is_healed(stripe: StripeServer) -> None:
    who = payer()
    who.save()
    stripe.fail("/v1/payment_intents", "after")
    made = who.top_up()
    assert (made["status"], who.balance) == ("pending", D(0))
    poll()
    assert (who.seen(made)["status"], who.balance) == ("succeeded", D(20))
    assert len(stripe.all("payment_intent")) == 1


def test_a_provider_that_does_not_answer_is_asked_again_with_the_same_key(stripe: StripeServer) -> None:
    who = payer()
    who.save()
    stripe.fail("/v1/payment_intents", "before")
    made = who.top_up()
    assert made["status"] == "pending"
    stripe.fail("/v1/(events|payment_intents)", "before", times=2)
    poll()
    assert (who.seen(made)["status"], who.balance) == ("pending", D(0))
    poll()
    assert (who.seen(made)["status"], who.balance) == ("succeeded", D(20))
    keys = {key for method, path, _, key in stripe.asked if (method, path) == ("POST", "/v1/payment_intents")}
    assert len(keys) == 1
    assert len(stripe.all("payment_intent")) == 1


def test_an_answer_500_that_stays_ends_once_the_provider_has_surely_no_payment(stripe: StripeServer) -> None:
    who = payer()
    who.save()
    stripe.fail("/v1/payment_intents", "before")
    made = who.top_up()
    order = who.payments[0]
    # Stripe keeps an error with its key: each further try gets it again
    key = f"charge-pay_{order.id.hex}"
    sent = next(params for method, path, params, _ in stripe.asked if (method, path) == ("POST", "/v1/payment_intents"))
    stripe.answers[key] = (json.dumps(["/v1/payment_intents", sent], sort_keys=True), 500, {"error": {"message": "x"}})
    for _ in range(9):
        poll()
    seen = who.seen(made)
    assert (seen["status"], seen["failure"]["code"], who.balance) == ("failed", "provider_unavailable", D(0))


def test_a_refund_at_the_provider_comes_back_into_the_ledger(stripe: StripeServer) -> None:
    who = payer()
    who.save()
    made = who.top_up("20.00")
    intent = stripe.one("payment_intent")["id"]
    stripe.refund(intent, 500)
    for name in ("charge.refunded", "refund.created"):
        deliver(stripe, told(stripe, name))
    assert (who.balance, who.seen(made)["taken_back"]) == (D(15), "5.000000000")
    # one that no event told of is found by asking
    stripe.refund(intent, 1500, tell=False)
    poll()
    assert who.balance == 0
    movements = [(row["kind"], row["amount"]) for row in who.calls.get("ledger")["data"]]
    assert movements == [
        ("reversal", "-15.000000000"), ("reversal", "-5.000000000"), ("top_up", "20.000000000"),
    ]  # fmt: skip
    assert differing(who.tenant) == set()


def test_a_dispute_takes_the_money_and_gives_it_back_when_it_is_won(stripe: StripeServer) -> None:
    who = payer_of(billed_tenant(balance=0))
    who.save()
    made = who.top_up("20.00")
    intent = stripe.one("payment_intent")["id"]
    stripe.dispute(intent, "warning_needs_response")
    deliver(stripe, told(stripe, "charge.dispute.created"))
    assert who.balance == D(20)  # a warning takes nothing
    stripe.dispute(intent, "needs_response")
    deliver(stripe, told(stripe, "charge.dispute.updated"))
    assert (who.balance, who.seen(made)["dispute"]) == (D(0), "needs_response")
    stripe.dispute(intent, "won")
    # out of order: the older event comes after the newer one, and both only lead to what is so now
    deliver(stripe, told(stripe, "charge.dispute.closed"))
    deliver(stripe, told(stripe, "charge.dispute.created"))
    assert who.balance == D(20)
    receipts_create()
    assert [one["amount"] for one in who.calls.get("receipts")["data"]] == ["20.00"]  # it was paid once
    # what came back can be refunded as well, in parts
    for amount, left in ((500, D(15)), (1500, D(0))):
        stripe.refund(intent, amount)
        deliver(stripe, told(stripe, "charge.refunded"))
        assert who.balance == left
    reasons = [row["reason"] for row in who.calls.get("ledger?kind=reversal")["data"]]
    assert reasons == [f"Stripe refund of {intent}", f"Stripe refund of {intent}", f"Stripe dispute of {intent}"]
    assert differing(who.tenant) == set()


def test_what_is_spent_of_a_disputed_top_up_is_owed_and_taken_when_money_comes(stripe: StripeServer) -> None:
    who = payer()
    who.save()
    who.top_up("1.00")
    spend(who.tenant)
    left = who.balance
    assert 0 < left < 1
    stripe.dispute(stripe.one("payment_intent")["id"])
    poll()
    assert who.balance == 0
    payment = who.payments[0]
    assert (payment.taken_back, payment.reversed) == (D(1), left)
    who.top_up("5.00")
    poll()
    assert who.balance == D(5) - (D(1) - left)
    assert who.payments[0].reversed == D(1)
    assert differing(who.tenant) == set()


def test_amounts_that_cannot_be_paid_are_refused_and_currencies_keep_their_places(stripe: StripeServer) -> None:
    who = payer()
    who.save()
    problem = who.top_up("10.005", status=422)
    assert wrong(problem) == [("/amount", "too_precise")]
    assert wrong(who.top_up("0", status=422)) == [("/amount", "zero")]
    made = who.top_up("0.10")  # Stripe takes no less than fifty cents
    assert (made["status"], made["failure"]["code"]) == ("failed", "amount_too_small")
    for currency, amount, units, refused in (("JPY", "500", 500, "500.5"), ("KWD", "12.340", 12340, "12.345")):
        who = payer_of(billed_tenant(balance=0, currency=currency))
        who.save()
        assert who.top_up(amount)["status"] == "succeeded"
        assert (stripe.one("payment_intent")["amount"], who.balance) == (units, D(amount))
        assert wrong(who.top_up(refused, status=422)) == [("/amount", "too_precise")]


def test_money_that_came_twice_for_one_top_up_is_booked_as_two(stripe: StripeServer) -> None:
    """On the page and by the card, where the provider would not end the one before the other."""
    who = payer()
    made = who.top_up("10.00", hosted=True)
    session = stripe.one("checkout.session")
    stripe.pay(session["id"])
    session["status"] = "open"
    stripe.pay(session["id"])
    for event in [event for event in stripe.events if event["type"] == "payment_intent.succeeded"]:
        deliver(stripe, event)
    assert who.balance == D(20)
    with acting_as("operator"):
        assert LedgerTransaction.objects.filter(tenant_id=who.tenant.id, kind="top_up").count() == 2
    assert who.seen(made)["status"] == "succeeded"


def test_more_than_the_books_hold_is_refused_before_the_card_is_charged(stripe: StripeServer) -> None:
    """It was charged, then refused: the money was with the provider, and nowhere in the books."""
    who = payer()
    who.save("pm_card_visa")
    who.top_up("20.00")
    problem = who.calls.post("wallet/top-ups", {"amount": "99999999990.00"}, status=409)
    assert problem["code"] == "balance_too_large"
    terms = {"enabled": True, "threshold": "21.00", "amount": "99999999990.00"}
    who.calls.patch("wallet/auto-top-up", terms)
    auto_top_up_run(who.tenant.id)
    assert who.calls.get("wallet/auto-top-up")["disabled_reason"] == "balance_too_large"
    assert [one["amount"] for one in stripe.all("payment_intent")] == [2000]
    assert [one["status"] for one in who.calls.get("wallet/top-ups")["data"]] == ["succeeded"]
