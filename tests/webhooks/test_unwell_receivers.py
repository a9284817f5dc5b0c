"""Deliveries to receivers that are unwell: what is tried again, when, and when it ends."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connections, transaction
from django.utils import timezone
from standardwebhooks import Webhook

from accounts.actor import SYSTEM
from accounts.models import Tenant, WebhookEndpoint
from accounts.webhooks import deliveries as deliveries_module
from accounts.webhooks import sending
from accounts.webhooks.schedule import DELAYS, delay_after, retry_after_seconds
from accounts.webhooks.sending import Sender
from accounts.webhooks.services import (
    webhook_endpoint_update,
)
from cavendish.egress import Guard
from tests.egress.conftest import Names
from tests.egress.test_tls import certificate
from tests.factories import make_tenant
from tests.webhooks.conftest import attempts, deliveries, due_now, forget, fresh, happen, recorded
from tests.webhooks.receiver import Receiver, receiving

__all__ = ["certificate"]

Make = Callable[..., tuple[WebhookEndpoint, str]]


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


def noted(row: WebhookEndpoint, *, failing: bool) -> None:
    """Whether it fails is noted a moment after the attempt is."""
    until = time.monotonic() + 4
    while (fresh(row).failing_since is not None) is not failing:
        assert time.monotonic() < until
        time.sleep(0.02)


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
    tenant: Tenant, receiver: Receiver, endpoint: Make, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TIMEOUT", 4.0)  # for the test's sake alone
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
