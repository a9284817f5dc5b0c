"""Paying through the provider in the console, without a script; and what operators see of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest

from accounts.models import Role
from billing.models import AutoTopUp
from cavendish.db.router import acting_as
from tests.billing.invoices.helpers import billed_tenant
from tests.billing.providers.payers import Payer, deliver, payer_of, stripe_set, told
from tests.billing.providers.stripe_server import StripeServer
from tests.console.colleagues import Team
from tests.people.visitors import person, shown

D = Decimal


@pytest.fixture
def stripe(django_db_setup: None) -> Iterator[StripeServer]:
    with stripe_set() as server:
        yield server


def saved_methods(page: str) -> list[str]:
    return sorted(set(re.findall(r"payment-methods/(paym_\w+)/remove/", page)))


def test_a_person_tops_up_by_card_saves_one_and_lets_the_wallet_top_itself_up(stripe: StripeServer) -> None:
    who: Payer = payer_of(billed_tenant(balance=0))
    team = Team(who.tenant)
    owner = team.member()
    page = shown(owner.get("/console/billing/top-up/"))
    assert "By card or bank debit" in page
    # nothing is saved: the provider's page, by a page of ours, since the policy lets no form lead elsewhere
    answer = owner.post("/console/billing/top-up/pay/", amount="25.00", method="another", confirm="1")
    session = stripe.one("checkout.session")
    assert session["url"] in answer.content.decode()
    assert "form-action 'self'" in answer.headers["Content-Security-Policy"]
    assert session["url"] in shown(owner.get("/console/billing/payments/"))
    stripe.pay(session["id"])
    deliver(stripe, told(stripe, "checkout.session.completed"))
    assert who.balance == D(25)

    answer = owner.post("/console/billing/payment-methods/new/", confirm="1")
    session = stripe.one("checkout.session")
    assert session["url"] in answer.content.decode()
    stripe.save(session["id"])
    deliver(stripe, told(stripe, "checkout.session.completed"))
    page = shown(owner.get("/console/billing/payment-methods/"))
    assert "Visa ···· 4242, 12/2034" in page
    [method] = saved_methods(page)

    terms = {"enabled": "on", "threshold": "5", "amount": "20", "monthly_limit": "100"}
    shown(owner.post("/console/billing/auto-top-up/", **terms, confirm="1"))  # the first click shows what will change
    seen = re.search(r'name="seen" value="(\w+)"', shown(owner.post("/console/billing/auto-top-up/", **terms)))
    assert seen
    owner.post("/console/billing/auto-top-up/", **terms, confirm="1", seen=seen[1])
    assert who.calls.get("wallet/auto-top-up")["monthly_limit"] == "100.000000000"
    for code, words in (("insufficient_funds", "the card has not enough money"), ("do_not_honor", "do not honor")):
        with acting_as("operator"):
            AutoTopUp.objects.filter(tenant=who.tenant).update(enabled=False, disabled_reason=code)
        assert f"The platform switched it off: {words}." in shown(owner.get("/console/billing/payment-methods/"))
    with acting_as("operator"):
        AutoTopUp.objects.filter(tenant=who.tenant).update(enabled=True, disabled_reason="")
    assert "are added" in shown(owner.get("/console/billing/payment-methods/"))

    hexed = method.removeprefix("paym_")
    owner.post("/console/billing/top-up/pay/", amount="10.00", method=hexed, confirm="1")
    assert who.balance == D(35)
    owner.post(f"/console/billing/payment-methods/{method}/remove/", confirm="1")
    page = shown(owner.get("/console/billing/payment-methods/"))
    assert "No payment method is saved." in page
    assert "The platform switched it off" in page


def test_a_decline_is_said_beside_the_form_and_others_see_nothing(stripe: StripeServer) -> None:
    who: Payer = payer_of(billed_tenant(balance=0))
    saved = who.save("pm_card_visa_chargeDeclinedInsufficientFunds")
    team = Team(who.tenant)
    answer = team.member().post(
        "/console/billing/top-up/pay/", amount="10.00", method=saved.removeprefix("paym_"), confirm="1"
    )
    assert (answer.status_code, "Your card was declined." in answer.content.decode()) == (422, True)
    viewer = team.member(Role.VIEWER)
    for path in ("top-up/pay/", "payment-methods/", "payments/", "auto-top-up/"):
        assert viewer.get(f"/console/billing/{path}").status_code == 403
    stranger = Team(billed_tenant(balance=0)).member()
    assert stranger.get(f"/console/billing/payment-methods/{saved}/remove/").status_code == 404


def test_operators_see_payments_and_events(stripe: StripeServer) -> None:
    who: Payer = payer_of(billed_tenant(balance=0))
    who.save()
    who.top_up("20.00")
    intent = stripe.one("payment_intent")["id"]
    stripe.refund(intent, 500)
    event = told(stripe, "charge.refunded")
    deliver(stripe, event)
    operator = person(operator=True)
    operator.sign_in()
    page = shown(operator.get(f"/admin/payments/?tenant={who.tenant.slug}"))
    assert intent in page
    assert "$5.00 taken back" in page
    assert event["id"] in shown(operator.get(f"/admin/payments/events/?id={event['id']}"))
    assert who.tenant.name in shown(operator.get(f"/admin/payments/?reference={intent}"))
