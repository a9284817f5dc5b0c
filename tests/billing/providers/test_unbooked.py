"""Money that came and cannot be booked: kept with its reason, tried again with pauses, decided by an operator."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEvent, OperatorRole
from billing.models import LedgerTransaction, ProviderEvent, ProviderPayment
from billing.provider_payments import outcomes
from billing.provider_payments.booking import payment_book
from billing.provider_payments.polling import provider_poll
from billing.provider_payments.selectors import unbooked_read
from billing.provider_payments.watch import provider_watch
from cavendish.db import ids
from cavendish.db.router import acting_as
from tests.billing.invoices.helpers import spend
from tests.billing.operators import Operator
from tests.billing.providers.payers import Payer, deliver, minutes_pass, payer, poll, told
from tests.billing.providers.stripe_server import StripeServer
from tests.factories import make_operator_key

D = Decimal


@pytest.fixture
def operator() -> Operator:
    return Operator()


def in_another_currency(stripe: StripeServer, *, amount: int = 1840) -> Payer:
    """A tenant that paid on the page in EUR what was asked for in USD."""
    who = payer()
    who.top_up("20.00", hosted=True)
    session = stripe.one("checkout.session")
    session["_intent"] |= {"amount": str(amount), "currency": "eur"}
    stripe.pay(session["id"])
    deliver(stripe, told(stripe, "payment_intent.succeeded"))
    return who


def by_hand(operator: Operator, who: Payer, amount: str, **more: str) -> None:
    operator.post(
        f"tenants/{ids.encode(ids.TENANT, who.tenant.id)}/top-ups", {"amount": amount, "reason": "By hand", **more}
    )


def path_of(who: Payer, act: str = "") -> str:
    payment = ids.encode(ids.PROVIDER_PAYMENT, who.payments[0].id)
    return f"tenants/{ids.encode(ids.TENANT, who.tenant.id)}/provider-payments/{payment}/{act}"


def seen(operator: Operator, who: Payer) -> Any:
    return operator.get(path_of(who).rsplit("/", 2)[0])["data"][0]


def test_money_in_another_currency_waits_for_an_operator(stripe: StripeServer, operator: Operator) -> None:
    who = in_another_currency(stripe)
    before = provider_watch()
    assert before >= 1
    shown = seen(operator, who)
    assert shown["status"] == "pending"
    assert shown["problem"]["code"] == "other_currency"
    assert shown["problem"]["came"] == {"amount": "18.400000000", "currency": "EUR"}
    payment = who.payments[0]
    assert payment.check_at > timezone.now() + timedelta(seconds=10)
    for _ in range(4):
        poll()  # it is asked for again, ever more seldom
    assert who.payments[0].check_at > timezone.now() + timedelta(seconds=100)
    assert (who.balance, provider_watch()) == (D(0), before)

    by_hand(operator, who, "20.00")
    assert operator.post(path_of(who, "set-aside"), {}, status=422)["errors"][0]["pointer"] == "/note"
    done = operator.post(path_of(who, "set-aside"), {"note": "Booked by hand at the rate of the day."}, status=200)
    assert (done["status"], done["failure"]["code"]) == ("failed", "closed_by_operator")
    assert done["set_aside"]["note"] == "Booked by hand at the rate of the day."
    assert done["problem"]["came"]["amount"] == "18.400000000"
    assert provider_watch() == before - 1
    again = operator.post(path_of(who, "set-aside"), {"note": "Twice."}, status=409)
    assert again["code"] == "payment_ended"
    with acting_as("operator"):
        event = AuditEvent.objects.get(action="payment.set_aside", target_id=payment.id.hex)
    assert event.tenant_id == who.tenant.id
    assert (event.before["came"], event.before["reference"]) == ("18.400000000", payment.reference)
    assert event.after["reason"] == "Booked by hand at the rate of the day."
    # what is told of it after that changes nothing
    deliver(stripe, stripe.event("payment_intent.succeeded", stripe.one("payment_intent")))
    poll()
    assert (who.balance, provider_watch(), who.payments[0].status) == (D(20), before - 1, "failed")


def test_money_in_another_currency_that_was_given_back_ends_by_itself(stripe: StripeServer) -> None:
    who = in_another_currency(stripe)
    stripe.refund(stripe.one("payment_intent")["id"], tell=False)
    poll()
    payment = who.payments[0]
    assert (payment.status, payment.failure_code, payment.problem) == ("failed", "other_currency", "")
    assert who.balance == 0


def breaks(monkeypatch: pytest.MonkeyPatch, who: Payer) -> None:
    def books(row: ProviderPayment) -> None:
        if row.tenant_id == who.tenant.id:
            raise ValueError("a mistake of ours, with 4242 4242 in it")
        payment_book(row)

    monkeypatch.setattr(outcomes, "payment_book", books)


def test_a_payment_that_fails_here_is_put_off_and_holds_up_no_other(
    stripe: StripeServer, monkeypatch: pytest.MonkeyPatch, operator: Operator
) -> None:
    who, other = payer(), payer()
    for one in (who, other):
        one.save("pm_sepa")
        one.top_up("30.00")
        stripe.settle(stripe.one("payment_intent")["id"])
    breaks(monkeypatch, who)
    minutes_pass()
    with acting_as("operator"):
        ProviderEvent.objects.all().delete()
    pauses = []
    for _ in range(3):
        minutes_pass()
        provider_poll()
        payment = who.payments[0]
        pauses.append((payment.check_at - timezone.now()).total_seconds())
    assert pauses == sorted(pauses)
    assert pauses[-1] > 60
    assert (who.balance, other.balance) == (D(0), D(30))
    assert (payment.status, payment.problem, payment.problem_detail) == ("pending", "internal", "ValueError")
    assert (payment.came, payment.came_currency) == (D(30), "USD")
    assert seen(operator, who)["problem"]["message"] == "ValueError"

    monkeypatch.undo()
    operator.post(path_of(who, "retry"), None, status=200)
    provider_poll()  # at once, whatever its pause was
    payment = who.payments[0]
    assert (who.balance, payment.status, payment.problem, payment.came) == (D(30), "succeeded", "", None)
    assert operator.post(path_of(who, "retry"), None, status=409)["code"] == "payment_ended"


def test_an_event_is_tried_again_or_set_aside_by_an_operator(
    stripe: StripeServer, monkeypatch: pytest.MonkeyPatch, operator: Operator
) -> None:
    who = payer()
    who.save("pm_sepa")
    who.top_up("30.00")
    stripe.settle(stripe.one("payment_intent")["id"])
    breaks(monkeypatch, who)
    event = told(stripe, "payment_intent.succeeded")
    deliver(stripe, event)
    [waiting] = [row for row in operator.get("provider-events")["data"] if row["id"] == event["id"]]
    assert (waiting["state"], waiting["error"]) == ("received", {"code": "internal", "message": "ValueError"})
    assert waiting["tenant_id"] == ids.encode(ids.TENANT, who.tenant.id)

    operator.post(f"provider-events/{event['id']}/retry", None, status=200)
    with acting_as("operator"):
        row = ProviderEvent.objects.get(reference=event["id"])
    assert row.due_at <= timezone.now()
    done = operator.post(f"provider-events/{event['id']}/set-aside", {"note": "The payment is booked."}, status=200)
    assert (done["state"], done["set_aside"]["note"]) == ("set_aside", "The payment is booked.")
    refused = operator.post(f"provider-events/{event['id']}/retry", None, status=409)
    assert refused["code"] == "event_ended"
    operator.post("provider-events/evt_unknown/retry", None, status=404)
    with acting_as("operator"):
        made = AuditEvent.objects.filter(target_id=event["id"]).order_by("id").values_list("action", flat=True)
        assert list(made) == ["provider_event.retried", "provider_event.set_aside"]


def test_setting_a_payment_aside_takes_its_events_with_it_and_money_that_comes_later_is_booked(
    stripe: StripeServer, operator: Operator
) -> None:
    who = payer()
    who.save("pm_sepa")
    who.top_up("30.00")
    intent = stripe.one("payment_intent")
    stripe.fail(rf"/v1/payment_intents/{intent['id']}$", "before", times=2)
    event = told(stripe, "payment_intent.processing")
    deliver(stripe, event)
    stripe.faults.clear()
    stripe.fail(r"/cancel", "before", times=9)  # a debit that is on its way cannot be stopped
    done = operator.post(path_of(who, "set-aside"), {"note": "The tenant asked for it."}, status=200)
    assert done["status"] == "failed"
    with acting_as("operator"):
        assert ProviderEvent.objects.get(reference=event["id"]).state == "set_aside"
    stripe.settle(intent["id"])
    deliver(stripe, told(stripe, "payment_intent.succeeded"))
    assert (who.balance, who.payments[0].status, who.payments[0].set_aside_at) == (D(30), "succeeded", None)


def test_an_open_page_is_closed_at_the_provider_with_its_payment(stripe: StripeServer, operator: Operator) -> None:
    who = payer()
    who.top_up("20.00", hosted=True)
    operator.post(path_of(who, "set-aside"), {"note": "Asked for twice."}, status=200)
    assert stripe.one("checkout.session")["status"] == "expired"
    assert who.payments[0].status == "failed"


def test_what_is_owed_can_be_waived_and_is_not_taken_later(stripe: StripeServer, operator: Operator) -> None:
    who = payer()
    who.save()
    who.top_up("1.00")
    spend(who.tenant)
    left = who.balance
    intent = stripe.one("payment_intent")["id"]
    stripe.dispute(intent)
    poll()
    before = unbooked_read()
    done = operator.post(path_of(who, "set-aside"), {"note": "Paid by transfer."}, status=200)
    assert D(done["waived"]) == D(1) - left
    assert unbooked_read().owed == before.owed - 1
    who.top_up("5.00")
    poll()
    assert who.balance == D(5)
    # it is won: only what was taken comes back
    stripe.dispute(intent, "won")
    deliver(stripe, told(stripe, "charge.dispute.closed"))
    assert who.balance == D(5) + left
    assert who.payments[0].waived == 0
    assert unbooked_read().owed == before.owed - 1


def test_only_finance_decides(stripe: StripeServer) -> None:
    who = in_another_currency(stripe)
    support = Operator(make_operator_key(role=OperatorRole.SUPPORT))
    for act, body in (("retry", None), ("set-aside", {"note": "x"})):
        assert support.post(path_of(who, act), body, status=403)["code"] == "operator_permission_denied"


def test_a_reference_typed_by_hand_keeps_the_money_from_being_booked_twice(
    stripe: StripeServer, monkeypatch: pytest.MonkeyPatch, operator: Operator
) -> None:
    who = payer()
    who.save("pm_sepa")
    who.top_up("30.00")
    intent = stripe.one("payment_intent")["id"]
    stripe.settle(intent)
    breaks(monkeypatch, who)
    poll()
    monkeypatch.undo()
    by_hand(operator, who, "30.00", reference=intent)
    poll()
    with acting_as("operator"):
        assert LedgerTransaction.objects.filter(tenant_id=who.tenant.id, kind="top_up").count() == 1
    assert (who.balance, who.payments[0].status) == (D(30), "succeeded")
