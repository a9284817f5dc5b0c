"""Automatic top-ups: when money is low, one at a time, up to the month's limit, and switched off after failures."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connections
from django.utils import timezone

from accounts.models import AuditEvent
from billing.models import AutoTopUp
from billing.provider_payments.automatic import auto_top_up_run, auto_top_ups_run
from cavendish.db.router import acting_as
from cavendish.mail.models import Mail
from tests.billing.invoices.helpers import billed_tenant, differing, profile_set, spend
from tests.billing.operators import wrong
from tests.billing.providers.payers import Payer, payer, payer_of, poll
from tests.billing.providers.stripe_server import StripeServer

D = Decimal
TERMS = {"enabled": True, "threshold": "5.00", "amount": "20.00", "monthly_limit": "50.00"}


def low(card: str = "pm_card_visa", **terms: Any) -> Payer:
    """A tenant with 1.00, below its threshold."""
    tenant = billed_tenant(balance=1)
    profile_set(tenant, emails=["books@example.com"])
    who = payer_of(tenant)
    who.save(card)
    who.calls.patch("wallet/auto-top-up", {**TERMS, **terms})
    return who


def mails(who: Payer) -> list[str]:
    with acting_as("operator"):
        return list(Mail.objects.filter(tenant_id=who.tenant.id).order_by("id").values_list("subject", flat=True))


def spent(who: Payer) -> None:
    spend(who.tenant, usage={"image_output": 280_000})  # 16.80


def test_a_balance_below_the_threshold_is_topped_up_until_the_months_limit(stripe: StripeServer) -> None:
    who = low()
    auto_top_ups_run()
    auto_top_ups_run()
    assert who.balance == D(21)
    spent(who)
    auto_top_ups_run()
    assert who.balance == D("24.20")
    spent(who)
    for _ in range(3):
        auto_top_ups_run()  # 40 of 50 are used: no room for another 20
    assert (len(stripe.all("payment_intent")), who.balance) == (2, D("7.40"))
    spend(who.tenant, usage={"image_output": 50_000})
    for _ in range(3):
        auto_top_ups_run()
    assert (len(stripe.all("payment_intent")), who.balance) == (2, D("4.40"))
    assert sum("has reached its limit" in mail for mail in mails(who)) == 1
    shown = who.calls.get("wallet/top-ups")["data"]
    assert [(row["automatic"], row["status"]) for row in shown] == [(True, "succeeded")] * 2
    who.calls.patch("wallet/auto-top-up", {"monthly_limit": None})
    auto_top_ups_run()
    assert who.balance == D("24.40")
    assert differing(who.tenant) == set()


def test_many_at_once_top_up_once(stripe: StripeServer) -> None:
    who = low("pm_sepa", monthly_limit=None)

    def run(_: int) -> None:
        auto_top_up_run(who.tenant.id)
        connections.close_all()

    with ThreadPoolExecutor(10) as threads:
        list(threads.map(run, range(30)))
    [intent] = stripe.all("payment_intent")
    stripe.settle(intent["id"])
    poll()
    assert who.balance == D(21)


def test_after_three_failures_it_is_switched_off_with_a_mail_each_time(stripe: StripeServer) -> None:
    who = low("pm_card_chargeCustomerFail")
    for attempt in (1, 2, 3):
        auto_top_ups_run()
        auto_top_ups_run()
        assert len(stripe.all("payment_intent")) == attempt
        with acting_as("operator"):
            AutoTopUp.objects.filter(tenant_id=who.tenant.id, enabled=True).update(
                retry_at=timezone.now() - timedelta(seconds=1)
            )
    terms = who.calls.get("wallet/auto-top-up")
    assert (terms["enabled"], terms["failures"], terms["disabled_reason"]) == (False, 3, "generic_decline")
    name = who.tenant.name
    assert mails(who) == [f"Automatic top-up of {name} failed"] * 2 + [f"Automatic top-up of {name} is switched off"]
    auto_top_ups_run()
    assert (len(stripe.all("payment_intent")), who.balance) == (3, D(1))
    # switched on again, with a card that works, it begins anew
    new = who.save()
    who.calls.patch(f"payment-methods/{new}", {"default": True})
    who.calls.patch("wallet/auto-top-up", {"enabled": True})
    auto_top_ups_run()
    assert (who.balance, who.calls.get("wallet/auto-top-up")["failures"]) == (D(21), 0)
    with acting_as("operator"):
        actions = set(AuditEvent.objects.filter(tenant_id=who.tenant.id).values_list("action", flat=True))
    assert {
        "wallet.auto_top_up_changed",
        "wallet.auto_top_up_disabled",
        "payment.failed",
        "wallet.topped_up",
    } <= actions


def test_a_card_that_wants_its_owner_fails_and_a_provider_that_is_away_is_waited_for(stripe: StripeServer) -> None:
    asks = low("pm_card_authenticationRequired")
    auto_top_ups_run()
    [top_up] = asks.calls.get("wallet/top-ups")["data"]
    assert (top_up["status"], top_up["failure"]["code"]) == ("failed", "authentication_required")
    assert stripe.all("checkout.session") == []
    who = low()
    stripe.fail("/v1/payment_intents", "after")
    auto_top_ups_run()
    auto_top_ups_run()
    assert (who.balance, who.calls.get("wallet/auto-top-up")["failures"]) == (D(1), 0)
    poll()
    assert who.balance == D(21)
    assert len([one for one in stripe.all("payment_intent") if one["status"] == "succeeded"]) == 1


def test_terms_that_make_no_sense_are_refused_and_without_a_method_nothing_is_switched_on(stripe: StripeServer) -> None:
    who = payer()
    assert who.calls.patch("wallet/auto-top-up", TERMS, status=409)["code"] == "payment_method_missing"
    saved = who.save()
    cases: list[tuple[dict[str, Any], str]] = [
        ({"monthly_limit": "10.00"}, "/monthly_limit"),
        ({"threshold": "-1"}, "/threshold"),
        ({"amount": "1e3"}, "/amount"),
        ({"amount": "10.001"}, "/amount"),
        ({"enabled": "yes"}, "/enabled"),
        ({"every": 1}, "/every"),
    ]
    for change, place in cases:
        problem = who.calls.patch("wallet/auto-top-up", {**TERMS, **change}, status=422)
        assert [pointer for pointer, _ in wrong(problem)] == [place], change
    who.calls.patch("wallet/auto-top-up", TERMS)
    # the last method is removed: nothing can be topped up
    who.calls.ask("DELETE", f"payment-methods/{saved}", status=204)
    terms = who.calls.get("wallet/auto-top-up")
    assert (terms["enabled"], terms["disabled_reason"]) == (False, "payment_method_missing")


def test_another_tenants_methods_are_not_there(stripe: StripeServer) -> None:
    owner, stranger = payer(), payer()
    saved = owner.save()
    reference = stripe.one("payment_method")["id"]
    assert stranger.top_up(payment_method_id=saved, status=404)["code"] == "not_found"
    for method, body, path in (("GET", None, saved), ("PATCH", {"default": True}, saved), ("DELETE", None, saved)):
        assert stranger.calls.ask(method, f"payment-methods/{path}", body, status=404)["code"] == "not_found"
    assert stranger.top_up(payment_method_id="paym_x", status=404)["code"] == "not_found"
    # nor can one be taken over by its id at the provider
    problem = stranger.calls.post("payment-methods", {"token": reference}, status=422)
    assert wrong(problem) == [("/token", "unknown_value")]
    assert stripe.things[reference]["customer"] == stripe.all("customer")[0]["id"]
    assert [row["id"] for row in owner.calls.get("payment-methods")["data"]] == [saved]
