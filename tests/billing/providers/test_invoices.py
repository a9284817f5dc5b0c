"""Invoices through the payment provider: collected when they are final, paid by a link, never twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from billing.models import Invoice, ProviderPayment
from billing.provider_payments.automatic import invoice_collect, invoices_collect
from cavendish.db import ids
from cavendish.db.router import acting_as
from cavendish.mail.models import Mail
from tests.billing.invoices.helpers import billed_tenant, differing, finalise, fresh, profile_set, spend, top_up
from tests.billing.invoices.settling import pay
from tests.billing.providers.payers import Payer, deliver, payer_of, poll, told
from tests.billing.providers.stripe_server import StripeServer

D = Decimal
JOB = {"image_output": 50_000}  # 3.00


def owing(**settings: Any) -> tuple[Payer, Invoice]:
    """A tenant that pays afterwards, and its invoice of 3.00."""
    tenant = billed_tenant(balance=0, credit_limit=100, **settings)
    profile_set(tenant, emails=["books@example.com"])
    spend(tenant, usage=JOB)
    return payer_of(tenant), finalise(tenant)


def of(who: Payer, invoice: Invoice) -> dict[str, Any]:
    return who.calls.get(f"invoices/{ids.encode(ids.INVOICE, invoice.id)}")


def later(**span: Any) -> None:
    """Failed attempts were that long ago."""
    with acting_as("operator"):
        ProviderPayment.objects.filter(status="failed").update(ended_at=timezone.now() - timedelta(**span))


def test_a_final_invoice_is_collected_by_the_default_method_and_once(stripe: StripeServer) -> None:
    who, invoice = owing()
    assert invoice.amount_due == D("3.00")
    invoices_collect()
    assert of(who, invoice)["status"] == "finalised"  # nothing is saved yet
    who.save()
    invoices_collect()
    invoices_collect()
    shown = of(who, invoice)
    assert (shown["status"], shown["amount_left"], shown["payment_url"]) == ("paid", "0.00", None)
    intent = stripe.one("payment_intent")
    assert (shown["payments"][0]["method"], shown["payments"][0]["reference"]) == ("stripe", intent["id"])
    deliver(stripe, told(stripe, "payment_intent.succeeded"))
    assert len(stripe.all("payment_intent")) == 1
    assert who.balance == 0
    assert differing(who.tenant) == set()


def test_a_charge_that_fails_is_mailed_with_the_link_and_tried_again_for_some_days(stripe: StripeServer) -> None:
    who, invoice = owing()
    who.save("pm_card_chargeCustomerFail")
    invoices_collect()
    invoices_collect()
    assert len(stripe.all("payment_intent")) == 1
    url = of(who, invoice)["payment_url"]
    with acting_as("operator"):
        mail = Mail.objects.filter(tenant_id=who.tenant.id, subject=f"Payment of invoice {invoice.number} failed").get()
    assert url in mail.text
    for days, attempts in ((1, 2), (3, 3), (5, 4), (50, 4)):
        later(days=days)
        invoices_collect()
        assert len(stripe.all("payment_intent")) == attempts, days
    assert of(who, invoice)["status"] == "finalised"


def test_an_invoice_is_paid_by_its_link_without_signing_in(stripe: StripeServer) -> None:
    who, invoice = owing()
    path = "/pay/" + of(who, invoice)["payment_url"].partition("/pay/")[2]
    visitor = Client()
    page = visitor.get(path)
    assert page.status_code == 200
    assert "$3.00" in page.content.decode()
    leading = visitor.post(path)
    session = stripe.one("checkout.session")
    assert (leading.status_code, session["url"] in leading.content.decode()) == (200, True)
    assert "form-action 'self'" in leading.headers["Content-Security-Policy"]
    # the same page again while it is open; and nobody is charged beside it
    visitor.post(path)
    who.save()
    invoices_collect()
    assert len(stripe.all("checkout.session")) == 1
    stripe.pay(session["id"])
    deliver(stripe, told(stripe, "checkout.session.completed"))
    assert of(who, invoice)["status"] == "paid"
    assert "is paid" in visitor.get(path).content.decode()
    for wrong in (f"{path}x", f"/pay/{ids.encode(ids.INVOICE, invoice.tenant_id)}/{path.rpartition('/')[2]}"):
        assert visitor.get(wrong).status_code == 404


def test_the_page_of_a_payment_link_is_in_the_browsers_language(stripe: StripeServer) -> None:
    who, invoice = owing()
    path = "/pay/" + of(who, invoice)["payment_url"].partition("/pay/")[2]
    visitor = Client(headers={"Accept-Language": "zh-CN"})
    page = visitor.get(path)
    assert '<html lang="zh-hans">' in page.content.decode()
    assert "支付 $3.00" in page.content.decode()
    assert "Accept-Language" in page.headers["Vary"]
    leading = visitor.post(path).content.decode()
    assert '<html lang="zh-hans">' in leading


def test_money_for_an_invoice_that_was_paid_meanwhile_goes_to_the_balance(stripe: StripeServer) -> None:
    who, invoice = owing()
    who.save("pm_sepa")
    invoices_collect()
    pay(invoice, "3.00")
    stripe.settle(stripe.one("payment_intent")["id"])
    poll()
    assert (of(who, invoice)["status"], who.balance) == ("paid", D("3.00"))
    assert differing(who.tenant) == set()


def test_several_at_once_collect_an_invoice_once(stripe: StripeServer) -> None:
    who, invoice = owing()
    who.save()

    def collect(_: int) -> None:
        invoice_collect(invoice.id)
        connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(collect, range(16)))
    assert len(stripe.all("payment_intent")) == 1
    assert of(who, invoice)["amount_paid"] == "3.00"


@pytest.mark.parametrize(
    ("currency", "usage", "units"), [("JPY", {"image_output": 50_000_000}, 3000), ("KWD", JOB, 3000)]
)
def test_currencies_without_and_with_three_decimals(
    stripe: StripeServer, currency: str, usage: dict[str, int], units: int
) -> None:
    tenant = billed_tenant(balance=0, credit_limit=5000, currency=currency)
    spend(tenant, usage=usage)
    who, invoice = payer_of(tenant), finalise(tenant)
    who.save()
    invoices_collect()
    assert (stripe.one("payment_intent")["amount"], fresh(invoice.id).status) == (units, "paid")


def test_an_amount_between_the_providers_steps_waits_for_a_transfer(stripe: StripeServer) -> None:
    tenant = billed_tenant(balance=0, credit_limit=50, currency="KWD")
    top_up(tenant, D("0.005"))
    spend(tenant, usage=JOB)
    who, invoice = payer_of(tenant), finalise(tenant)
    who.save()
    invoices_collect()
    assert invoice.amount_due == D("2.995")
    assert stripe.all("payment_intent") == []
    page = Client().post("/pay/" + of(who, invoice)["payment_url"].partition("/pay/")[2])
    assert (page.status_code, "multiple of 0.01 KWD" in page.content.decode()) == (409, True)


def test_a_payment_that_was_disputed_and_won_can_be_refunded(stripe: StripeServer) -> None:
    who, invoice = owing()
    who.save()
    invoices_collect()
    intent = stripe.one("payment_intent")["id"]
    for state, event in (("needs_response", "charge.dispute.created"), ("won", "charge.dispute.closed")):
        stripe.dispute(intent, state)
        deliver(stripe, told(stripe, event))
    assert of(who, invoice)["status"] == "paid"  # by what came back to the balance
    top_up(who.tenant, D(10))
    stripe.refund(intent, 100)
    deliver(stripe, told(stripe, "charge.refunded"))
    assert who.balance == D(9)
    assert differing(who.tenant) == set()


def test_a_payment_that_the_provider_takes_back_is_owed_again(stripe: StripeServer) -> None:
    who, invoice = owing()
    who.save()
    invoices_collect()
    intent = stripe.one("payment_intent")["id"]
    stripe.refund(intent, 100)
    deliver(stripe, told(stripe, "charge.refunded"))
    shown = of(who, invoice)
    assert (shown["status"] == "paid", shown["amount_left"], who.balance) == (False, "1.00", D("-1.00"))
    stripe.dispute(intent)
    deliver(stripe, told(stripe, "charge.dispute.created"))
    assert who.payments[0].taken_back == D(3)
    assert differing(who.tenant) == set()
