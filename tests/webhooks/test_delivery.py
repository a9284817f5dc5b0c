"""Deliveries to a real receiver: what arrives, how it is signed, and what becomes of it when the receiver is unwell."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone
from prometheus_client import REGISTRY
from standardwebhooks import Webhook

from accounts.actor import SYSTEM
from accounts.models import Tenant, WebhookDelivery, WebhookEndpoint
from accounts.webhooks import deliveries as deliveries_module
from accounts.webhooks import sending
from accounts.webhooks.deliveries import deliveries_due
from accounts.webhooks.schedule import DELAYS, delay_after, retry_after_seconds
from accounts.webhooks.sending import Sender
from accounts.webhooks.services import (
    webhook_deliveries_resend,
    webhook_delivery_resend,
    webhook_endpoint_rotate,
    webhook_endpoint_update,
    webhook_test_send,
)
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from cavendish.egress import Guard
from cavendish.events.services import event_add
from tests.egress.conftest import Names
from tests.egress.test_tls import certificate
from tests.factories import make_tenant, submit_generation
from tests.webhooks.conftest import LOOPBACK, attempts, deliveries, due_now, forget, fresh, happen, recorded
from tests.webhooks.receiver import Receiver, receiving

__all__ = ["certificate"]

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


def test_a_failure_is_tried_again_with_the_same_bytes_and_id(
    tenant: Tenant, receiver: Receiver, endpoint: Make, sender: Sender
) -> None:
    row, secret = endpoint()
    receiver.answers["/hook"] = [(500, {})]
    happen(tenant)
    delivery = recorded(row)
    assert (delivery.status, delivery.http_status) == ("pending", 500)
    assert 3 < (delivery.due_at - datetime.now(UTC)).total_seconds() < 6
    noted(row, failing=True)
    first, second = receiver.wait(count=2)
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    Webhook(secret).verify(second.body, second.headers)
    delivery = recorded(row, status="succeeded")
    assert delivery.attempts == 2
    assert [attempt.http_status for attempt in attempts(delivery)] == [500, 200]
    noted(row, failing=False)


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_sender_whose_clock_is_wrong_sends_in_time(
    tenant: Tenant, receiver: Receiver, endpoint: Make, sender: Sender, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    row, _ = endpoint()
    receiver.answers["/hook"] = [(500, {})]
    monkeypatch.setattr(deliveries_module, "timezone", Wrong(timedelta(hours=hours)))
    happen(tenant)
    assert 3 < (recorded(row).due_at - datetime.now(UTC)).total_seconds() < 6


class Wrong:
    """A clock that goes so far ahead."""

    def __init__(self, ahead: timedelta) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        return timezone.now() + self._ahead


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


def noted(row: WebhookEndpoint, *, failing: bool) -> None:
    """Whether it fails is noted a moment after the attempt is."""
    until = time.monotonic() + 4
    while (fresh(row).failing_since is not None) is not failing:
        assert time.monotonic() < until
        time.sleep(0.02)


def counted(name: str, outcome: str = "") -> float:
    labels = {"outcome": outcome} if outcome else {}
    value = REGISTRY.get_sample_value(f"cavendish_webhook_{name}", labels)
    assert value is not None
    return value


def test_retry_after_is_honoured(tenant: Tenant, receiver: Receiver, endpoint: Make, sender: Sender) -> None:
    row, _ = endpoint()
    receiver.answers["/hook"] = [(503, {"Retry-After": "1000"})]
    happen(tenant)
    left = (recorded(row).due_at - datetime.now(UTC)).total_seconds()
    assert 990 < left < 1110


def test_410_disables_and_drops_what_waits(tenant: Tenant, receiver: Receiver, endpoint: Make, sender: Sender) -> None:
    row, _ = endpoint()
    receiver.answers["/hook"] = [(410, {})]
    happen(tenant)
    delivery = recorded(row, status="failed")
    until = time.monotonic() + 5
    while fresh(row).status == "enabled" and time.monotonic() < until:
        time.sleep(0.05)
    assert (fresh(row).status, fresh(row).disabled_reason) == ("disabled", "gone")
    assert delivery.http_status == 410
    happen(tenant)
    assert len(deliveries(row)) == 1


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [("/redirect", 302, "redirects"), ("/missing", 404, "answered 404")],
)
def test_redirects_and_errors_are_failures(
    tenant: Tenant, receiver: Receiver, endpoint: Make, sender: Sender, path: str, status: int, words: str
) -> None:
    row, _ = endpoint(path)
    receiver.answers[path] = [(status, {"Location": receiver.url("/elsewhere")})]
    happen(tenant)
    delivery = recorded(row)
    assert delivery.http_status == status
    assert words in delivery.error
    assert receiver.of("/elsewhere") == []


def test_ten_megabytes_back_are_cut(tenant: Tenant, receiver: Receiver, endpoint: Make, sender: Sender) -> None:
    row, _ = endpoint("/large")
    happen(tenant)
    (attempt,) = attempts(recorded(row, status="succeeded"))
    assert attempt.response_body == "x" * 4096
    assert receiver.endless < 8_000_000


def test_a_receiver_that_is_down_or_refused_says_so(tenant: Tenant, endpoint: Make, sender: Sender) -> None:
    row, _ = endpoint(url="http://127.0.0.1:9/hook")
    happen(tenant)
    delivery = recorded(row)
    assert (delivery.status, delivery.http_status) == ("pending", None)
    assert delivery.error == "The host could not be reached."


def test_a_wrong_certificate_is_a_failure(
    tenant: Tenant, endpoint: Make, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget()
    names = Names({"pictures.example": [["127.0.0.1"]], "other.example": [["127.0.0.1"]]})
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    trust = ssl.create_default_context(cafile=str(certificate))
    sender = Sender(guard=Guard(["127.0.0.0/8"], resolver=names), tls=trust)
    with receiving(tls) as receiver:
        wrong, _ = endpoint(url=receiver.url(host="other.example"), events=["invoice.paid"])
        right, _ = endpoint(url=receiver.url(host="pictures.example"), events=["key.created"])
        sender.start()
        happen(tenant)
        happen(tenant, "key.created", livemode=True)
        assert recorded(wrong).error == "The host's certificate is not valid for its name."
        assert recorded(right, status="succeeded").http_status == 200
        sender.stop()


@pytest.mark.slow
def test_a_receiver_that_hangs_delays_nobody_else(
    tenant: Tenant, receiver: Receiver, endpoint: Make, sender: Sender
) -> None:
    row, _ = endpoint("/hang")
    endpoint("/drip")
    other = make_tenant()
    endpoint("/hook", tenant=other)
    for _ in range(10):
        happen(tenant)
    receiver.wait("/hang", 4)
    began = time.monotonic()
    happen(other)
    receiver.wait("/hook")
    assert time.monotonic() - began < 3
    assert len(receiver.of("/hang")) == 4  # of one endpoint, no more at once
    until = time.monotonic() + 25
    while not any(one.error for one in deliveries(row)) and time.monotonic() < until:
        time.sleep(0.1)
    assert {one.error for one in deliveries(row) if one.error} == {"The host did not respond in time."}


def test_a_sender_that_died_is_followed_by_another(
    tenant: Tenant, receiver: Receiver, endpoint: Make, sender: Sender
) -> None:
    row, _ = endpoint()
    with connections["owner"].cursor() as cursor, transaction.atomic(using="owner"):
        happen_at = happen(tenant)
        cursor.execute(
            """UPDATE accounts_webhookdelivery SET status = 'sending', lease_token = gen_random_uuid(),
               due_at = now() - interval '1 second' WHERE subject = %s AND status = 'pending'""",
            [happen_at],
        )
    receiver.wait()
    recorded(row, status="succeeded")


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


def test_an_endpoint_that_fails_for_days_is_disabled_after_a_mail(
    tenant: Tenant, receiver: Receiver, endpoint: Make, sender: Sender
) -> None:
    row, _ = endpoint()
    receiver.answers["/hook"] = [(500, {})] * 9

    def failing(days: float, warned: float | None) -> None:
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                """UPDATE accounts_webhookendpoint SET failing_since = now() - %s * interval '1 day',
                   warned_at = now() - %s * interval '1 day' WHERE id = %s""",
                [days, warned, row.id],
            )

    happen(tenant)
    delivery = recorded(row)
    for attempt, (days, warned, status, has_warned) in enumerate(
        [(2.9, None, "enabled", False), (6, None, "enabled", True), (6, 0.5, "enabled", True), (6, 2, "disabled", True)]
    ):
        failing(days, warned)
        due_now(delivery)
        delivery = recorded(row, attempts=attempt + 2)
        time.sleep(0.3)
        assert (fresh(row).status, fresh(row).warned_at is not None) == (status, has_warned)
    assert fresh(row).disabled_reason == "failing"
    assert recorded(row, status="failed").error.startswith("The endpoint was disabled")
    webhook_endpoint_update(tenant_id=tenant.id, endpoint_id=row.id, changed={"status": "enabled"}, actor=SYSTEM)
    assert (fresh(row).failing_since, fresh(row).warned_at, fresh(row).disabled_reason) == (None, None, "")


def test_attempts_span_three_days_and_more() -> None:
    assert sum(DELAYS) >= 75 * 3600
    assert [delay_after(n + 1) is not None for n in range(10)] == [True] * 9 + [False]
    assert 5 <= (delay_after(1) or 0) <= 5.5
    assert 60 <= (delay_after(1, 60) or 0) <= 66
    assert (delay_after(1, 10**9) or 0) <= 24 * 3600 * 1.1
    now = datetime(2026, 11, 28, 12, tzinfo=UTC)
    assert retry_after_seconds("Sat, 28 Nov 2026 12:01:00 GMT", now) == 60
    assert retry_after_seconds("120", now) == 120
    assert [retry_after_seconds(text, now) for text in ("", None, "soon", "-1", "9" * 40)] == [None] * 5
