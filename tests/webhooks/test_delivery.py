"""Deliveries to a real receiver: what arrives, how it is signed, what is sent again when somebody asks."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from prometheus_client import REGISTRY
from standardwebhooks import Webhook

from accounts.actor import SYSTEM
from accounts.models import Tenant, WebhookDelivery, WebhookEndpoint
from accounts.webhooks import sending
from accounts.webhooks.deliveries import deliveries_due
from accounts.webhooks.sending import Sender
from accounts.webhooks.services import (
    webhook_deliveries_resend,
    webhook_delivery_resend,
    webhook_endpoint_rotate,
    webhook_test_send,
)
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from cavendish.events.services import event_add
from tests.factories import make_tenant, submit_generation
from tests.webhooks.conftest import LOOPBACK, attempts, deliveries, forget, happen, recorded
from tests.webhooks.receiver import Receiver

Make = Callable[..., tuple[WebhookEndpoint, str]]


def test_an_event_arrives_signed_and_is_logged(
    tenant: Tenant, receiver: Receiver, endpoint: Make, sender: Sender
) -> None:
    row, secret = endpoint()
    subject = happen(tenant, number="2026-1", old="finalised", new="paid")
    (arrived,) = receiver.wait()
    body = Webhook(secret).verify(arrived.body, arrived.headers)
    assert body["type"] == "invoice.paid"
    assert body["data"] == {"id": f"inv_{subject.hex}", "object": "invoice", "number": "2026-1"}
    assert abs(datetime.fromisoformat(body["timestamp"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert arrived.headers["content-type"] == "application/json"
    delivery = recorded(row, status="succeeded")
    assert arrived.headers["webhook-id"] == delivery.message_id
    (attempt,) = attempts(delivery)
    assert (attempt.http_status, attempt.url, attempt.error) == (200, row.url, "")
    assert attempt.response_body == "thank you\ufffd"  # PostgreSQL keeps no NUL
    assert attempt.request_headers["webhook-signature"] == arrived.headers["webhook-signature"]


def test_a_wrong_secret_does_not_verify(tenant: Tenant, receiver: Receiver, endpoint: Make, sender: Sender) -> None:
    endpoint()
    _, other = endpoint("/other", events=["key.*"])
    happen(tenant)
    (arrived,) = receiver.wait()
    with pytest.raises(Exception, match="signature"):
        Webhook(other).verify(arrived.body, arrived.headers)


def test_what_is_rolled_back_is_not_sent(tenant: Tenant, endpoint: Make) -> None:
    row, _ = endpoint()

    def fail() -> None:
        with tenant_context(tenant.id):
            event_add(tenant_id=tenant.id, subject=tenant.id, type="wallet.low_balance", data={"livemode": True})
            assert WebhookDelivery.objects.filter(endpoint_id=row.id).count() == 1
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert deliveries(row) == []


def test_filters_choose_events_and_endpoints_of_a_mode_their_own(
    tenant: Tenant, receiver: Receiver, endpoint: Make, sender: Sender
) -> None:
    every, _ = endpoint("/every")
    invoices, _ = endpoint("/invoices", events=["invoice.*", "wallet.low"])
    tests, _ = endpoint("/tests", livemode=False)
    endpoint("/stranger", tenant=make_tenant())
    happen(tenant, "invoice.finalised")
    happen(tenant, "key.revoked", livemode=True)
    happen(tenant, "wallet.low_balance", livemode=False, left="1")
    happen(tenant, "generation.running")
    receiver.wait("/every", 2)
    receiver.wait("/invoices", 1)
    receiver.wait("/tests", 1)
    time.sleep(1)
    names = {
        path: sorted(json.loads(one.body)["type"] for one in receiver.of(path))
        for path in ("/every", "/invoices", "/tests", "/stranger")
    }
    assert names == {
        "/every": ["invoice.finalized", "key.revoked"],
        "/invoices": ["invoice.finalized"],
        "/tests": ["wallet.low"],
        "/stranger": [],
    }
    assert len(deliveries(every)) == 2
    assert len(deliveries(invoices)) == len(deliveries(tests)) == 1


def test_both_secrets_sign_after_a_rotation(tenant: Tenant, receiver: Receiver, endpoint: Make, sender: Sender) -> None:
    row, old = endpoint()
    _, new = webhook_endpoint_rotate(tenant_id=tenant.id, endpoint_id=row.id, actor=SYSTEM)
    happen(tenant)
    (arrived,) = receiver.wait()
    assert len(arrived.headers["webhook-signature"].split()) == 2
    for secret in (old, new):
        assert Webhook(secret).verify(arrived.body, arrived.headers)["type"] == "invoice.paid"
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_webhookendpoint SET previous_expires_at = now() - interval '1s' WHERE id = %s", [row.id]
        )
    happen(tenant)
    arrived = receiver.wait(count=2)[1]
    Webhook(new).verify(arrived.body, arrived.headers)
    assert len(arrived.headers["webhook-signature"].split()) == 1


def test_attempts_and_what_waits_are_counted(
    tenant: Tenant, receiver: Receiver, endpoint: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget()
    names = [("deliveries_total", outcome) for outcome in ("succeeded", "retried", "failed")]
    before = [counted(*name) for name in names]
    attempted = counted("attempt_seconds_count")
    right, _ = endpoint()
    wrong, _ = endpoint("/wrong")
    gone, _ = endpoint("/gone")
    receiver.answers |= {"/wrong": [(500, {})], "/gone": [(410, {})]}
    happen(tenant)
    monkeypatch.setattr(sending, "BACKLOG_EVERY", 0.0)
    sender = Sender(guard=LOOPBACK)
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_webhookdelivery SET due_at = now() - interval '1 hour' WHERE status = 'pending'"
        )
    assert deliveries_due()[0] == 3
    assert 3600 <= deliveries_due()[1] < 3700
    sender.start()
    for row, status in ((right, "succeeded"), (wrong, None), (gone, "failed")):
        recorded(row, status=status)
    until = time.monotonic() + 5
    while counted("due") and time.monotonic() < until:
        time.sleep(0.05)
    sender.stop()
    assert [counted(*name) - was for name, was in zip(names, before, strict=True)] == [1, 1, 1]
    assert counted("attempt_seconds_count") - attempted == 3
    assert (counted("due"), counted("due_oldest_seconds")) == (0, 0)


def counted(name: str, outcome: str = "") -> float:
    labels = {"outcome": outcome} if outcome else {}
    value = REGISTRY.get_sample_value(f"cavendish_webhook_{name}", labels)
    assert value is not None
    return value


def test_a_delivery_and_a_range_are_resent(tenant: Tenant, receiver: Receiver, endpoint: Make, sender: Sender) -> None:
    row, _ = endpoint()
    happen(tenant)
    delivery = recorded(row, status="succeeded")
    webhook_delivery_resend(tenant_id=tenant.id, endpoint_id=row.id, delivery_id=delivery.id, actor=SYSTEM)
    first, second = receiver.wait(count=2)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    recorded(row, status="succeeded")

    def resend(**options: Any) -> int:
        return webhook_deliveries_resend(tenant_id=tenant.id, endpoint_id=row.id, actor=SYSTEM, **options)

    assert resend(status="failed") == 0
    assert resend(until=datetime.now(UTC) - timedelta(hours=1)) == 0
    assert resend(since=datetime.now(UTC) - timedelta(hours=1)) == 1
    receiver.wait(count=3)
    recorded(row, status="succeeded")

    # Its receiver was down, and the next attempt is hours away.
    with acting_as("operator"):
        WebhookDelivery.objects.filter(id=delivery.id).update(
            status="pending", attempts=6, due_at=datetime.now(UTC) + timedelta(hours=10)
        )
    assert resend(status="succeeded") == 0
    assert resend(status="failed") == 1
    receiver.wait(count=4)


def test_a_test_event_goes_to_the_one_endpoint(
    tenant: Tenant, receiver: Receiver, endpoint: Make, sender: Sender
) -> None:
    row, secret = endpoint(events=["invoice.paid"])
    endpoint("/other")
    webhook_test_send(tenant_id=tenant.id, endpoint_id=row.id, actor=SYSTEM)
    (arrived,) = receiver.wait()
    assert Webhook(secret).verify(arrived.body, arrived.headers)["type"] == "webhook.test"
    assert receiver.of("/other") == []


def test_a_generation_is_told_without_its_content(
    tenant: Tenant, receiver: Receiver, endpoint: Make, sender: Sender
) -> None:
    endpoint(events=["generation.succeeded"])
    endpoint("/tests", events=["generation.succeeded"], livemode=False)
    generation = submit_generation(tenant, "a secret prompt", metadata={"order": "7"})
    happen(tenant, "generation.succeeded", generation)
    (arrived,) = receiver.wait()
    data = json.loads(arrived.body)["data"]
    assert data["id"] == f"gen_{generation.hex}"
    assert data["metadata"] == {"order": "7"}
    assert data["page_url"].startswith("http")
    assert (data["grounded"], data["outputs"]) == (False, [])
    assert b"a secret prompt" not in arrived.body
    time.sleep(0.7)
    assert receiver.of("/tests") == []
