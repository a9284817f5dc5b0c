"""A whole platform with a payment provider: webhooks that come over HTTP, and one that does not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.api.accounts import Account, Books, open_account
from tests.billing.providers.payers import WEBHOOK, told
from tests.billing.providers.stripe_http import served
from tests.billing.providers.stripe_server import StripeServer
from tests.services import Running

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def paying() -> Iterator[tuple[StripeServer, Account]]:
    """A platform whose provider is the stand-in, and a tenant without money."""
    stripe = StripeServer()
    with served(stripe) as url:
        running = Running(
            {
                "PAYMENTS": "stripe",
                "STRIPE_SECRET_KEY": stripe.key,
                "STRIPE_API_BASE": url,
                "STRIPE_WEBHOOK_SECRET": stripe.secret,
                "WORKERS": "1",
            }
        )
        books = Books(running)
        try:
            with httpx.Client(base_url=running.url, timeout=90) as http:
                yield stripe, open_account(books, http)
        finally:
            books.close()
            running.remove()


def within(seconds: float, seen: Callable[[], Any], wanted: Any) -> None:
    until = time.monotonic() + seconds
    while (found := seen()) != wanted and time.monotonic() < until:
        time.sleep(0.5)
    assert found == wanted


def test_money_comes_by_webhook_or_is_found_and_the_wallet_tops_itself_up(paying: tuple[StripeServer, Account]) -> None:
    stripe, account = paying
    saved = account.post("/api/v1/payment-methods", json={"token": "pm_sepa"})
    assert saved.status_code == 201, saved.text

    def balance() -> str:
        return str(account.get("/api/v1/wallet").json()["balance"])

    begins = balance()
    told_of, lost = (account.post("/api/v1/wallet/top-ups", json={"amount": "30.00"}).json() for _ in range(2))
    assert {told_of["status"], lost["status"]} == {"pending"}
    first, second = stripe.all("payment_intent")
    stripe.settle(first["id"])
    body, headers = stripe.signed(told(stripe, "payment_intent.succeeded"))
    assert account.http.post(WEBHOOK, content=body + b" ", headers=headers).status_code == 400
    assert account.http.post(WEBHOOK, content=body, headers=headers).status_code == 200
    path = "/api/v1/wallet/top-ups/"
    within(20, lambda: account.get(path + told_of["id"]).json()["status"], "succeeded")
    stripe.settle(second["id"])  # and no webhook
    within(60, lambda: account.get(path + lost["id"]).json()["status"], "succeeded")
    assert float(balance()) - float(begins) == 60

    card = account.post("/api/v1/payment-methods", json={"token": "pm_card_visa"}).json()
    account.ask("PATCH", f"/api/v1/payment-methods/{card['id']}", json={"default": True})
    terms = {"enabled": True, "threshold": "1000.00", "amount": "1000.00", "monthly_limit": "1000.00"}
    assert account.ask("PATCH", "/api/v1/wallet/auto-top-up", json=terms).status_code == 200
    within(30, lambda: float(balance()) - float(begins), 1060.0)
