"""Endpoints at a receiver of the test's, and a sender that may reach it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connections

from accounts.models import Tenant, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from accounts.webhooks.sending import Sender
from accounts.webhooks.services import webhook_endpoint_create
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from cavendish.egress import Guard
from cavendish.events.services import event_add
from tests.factories import make_tenant
from tests.webhooks.receiver import Receiver, receiving

LOOPBACK = Guard(["127.0.0.0/8"])


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as state:
        yield state


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant()


@pytest.fixture
def sender() -> Iterator[Sender]:
    forget()
    sender = Sender(guard=LOOPBACK)
    sender.start()
    yield sender
    sender.stop()


def forget() -> None:
    """Ends what other tests left, so that a sender sends one's own only."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM accounts_webhookdelivery WHERE status IN ('pending', 'sending')")


@pytest.fixture
def endpoint(
    receiver: Receiver, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[WebhookEndpoint, str]]:
    """Makes an endpoint at a path of the receiver's."""
    monkeypatch.setattr(Guard, "configured", classmethod(lambda cls: LOOPBACK))

    def make(path: str = "/hook", **settings: Any) -> tuple[WebhookEndpoint, str]:
        url = settings.pop("url", receiver.url(path))
        owner = settings.pop("tenant", tenant)
        values: dict[str, Any] = {"livemode": True, **settings}
        return webhook_endpoint_create(tenant_id=owner.id, url=url, **values)

    return make


def happen(tenant: Tenant, type: str = "invoice.paid", subject: UUID | None = None, **data: Any) -> UUID:
    """An event of the tenant's. Returns its subject."""
    about = subject or uuid4()
    with tenant_context(tenant.id):
        event_add(tenant_id=tenant.id, subject=about, type=type, data=data)
    return about


def deliveries(endpoint: WebhookEndpoint) -> list[WebhookDelivery]:
    with acting_as("operator"):
        return list(WebhookDelivery.objects.filter(endpoint_id=endpoint.id).order_by("id"))


def attempts(delivery: WebhookDelivery) -> list[WebhookAttempt]:
    with acting_as("operator"):
        return list(WebhookAttempt.objects.filter(delivery_id=delivery.id).order_by("id"))


def fresh(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    with acting_as("operator"):
        row: WebhookEndpoint = WebhookEndpoint.objects.get(id=endpoint.id)
    return row


def recorded(endpoint: WebhookEndpoint, *, attempts: int = 1, status: str | None = None) -> WebhookDelivery:
    """The endpoint's only delivery once so many attempts are written, or it has the status."""
    until = time.monotonic() + 25
    while time.monotonic() < until:
        (row,) = deliveries(endpoint)
        if row.status == status or (status is None and row.status != "sending" and row.attempts >= attempts):
            return row
        time.sleep(0.05)
    raise AssertionError(f"{row.status} after {row.attempts} attempts: {row.error}")


def due_now(delivery: WebhookDelivery) -> None:
    """Brings the next attempt forward."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE accounts_webhookdelivery SET due_at = now() WHERE id = %s", [delivery.id])
