"""Tenants that pay through the provider, over HTTP, and what they have then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import Tenant
from billing.models import ProviderEvent, ProviderPayment, Wallet
from billing.provider_payments.events import provider_events_process
from billing.provider_payments.polling import provider_poll
from billing.providers import provider_forget
from cavendish.db.router import acting_as
from tests.billing.operators import Json, Operator
from tests.billing.providers.stripe_http import served
from tests.billing.providers.stripe_server import StripeServer
from tests.factories import make_key, make_tenant

WEBHOOK = "/payments/stripe/webhook"


@contextmanager
def stripe_set() -> Iterator[StripeServer]:
    """A stand-in for Stripe, which is the platform's provider meanwhile."""
    server = StripeServer()
    with (
        served(server) as url,
        override_settings(
            PAYMENTS="stripe",
            STRIPE_SECRET_KEY=server.key,
            STRIPE_API_BASE=url,
            STRIPE_WEBHOOK_SECRET=[server.secret],
        ),
    ):
        provider_forget()
        yield server
    provider_forget()


@dataclass(frozen=True)
class Payer:
    """A tenant and the calls of its key."""

    tenant: Tenant
    calls: Operator

    def save(self, token: str = "pm_card_visa") -> str:
        saved: str = self.calls.post("payment-methods", {"token": token})["id"]
        return saved

    def top_up(self, amount: str = "20.00", *, status: int = 201, **more: Any) -> Json:
        return self.calls.post("wallet/top-ups", {"amount": amount, **more}, status=status)

    def seen(self, top_up: Json) -> Json:
        return self.calls.get(f"wallet/top-ups/{top_up['id']}")

    @property
    def balance(self) -> Decimal:
        return self.wallet.balance

    @property
    def wallet(self) -> Wallet:
        with acting_as("operator"):
            found: Wallet = Wallet.objects.get(tenant_id=self.tenant.id, livemode=True)
        return found

    @property
    def payments(self) -> list[ProviderPayment]:
        with acting_as("operator"):
            return list(ProviderPayment.objects.filter(tenant_id=self.tenant.id).order_by("id"))


def payer(*, balance: Any = 0, **settings: Any) -> Payer:
    return payer_of(make_tenant(balance=balance, **settings))


def payer_of(tenant: Tenant) -> Payer:
    return Payer(tenant, Operator(make_key(tenant)[1]))


def deliver(stripe: StripeServer, event: Json, *, status: int = 200, **signing: Any) -> Json:
    """An event comes as a webhook, and is acted on."""
    body, headers = stripe.signed(event, **signing)
    answer = Client().post(
        WEBHOOK,
        data=body,
        content_type=headers["Content-Type"],
        headers={"Stripe-Signature": headers["Stripe-Signature"]},
    )
    assert answer.status_code == status, answer.content
    provider_events_process()
    said: Json = answer.json()
    return said


def told(stripe: StripeServer, name: str) -> Json:
    """The newest event of a type."""
    return [event for event in stripe.events if event["type"] == name][-1]


def minutes_pass() -> None:
    """What waits is due: open payments, retries, events that are put off."""
    now = timezone.now()
    with acting_as("operator"):
        ProviderPayment.objects.filter(status__in=ProviderPayment.OPEN).update(
            check_at=now, created_at=now - timedelta(minutes=2)
        )
        ProviderEvent.objects.filter(state="received").update(due_at=now)


def poll() -> None:
    """The scheduler's turn, a while later."""
    minutes_pass()
    provider_poll()
    provider_events_process()
