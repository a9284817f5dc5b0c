"""Deliveries of tenants' webhooks: attempts with their answers, and sending them again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import Tenant, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from cavendish.db import ids
from cavendish.db.router import acting_as
from tests.accounts.people import audited
from tests.admin.acting import act, act_done
from tests.factories import make_tenant
from tests.people.visitors import Visitor, shown

Status = WebhookDelivery.Status


@pytest.fixture
def endpoint() -> WebhookEndpoint:
    with acting_as("operator"):
        row: WebhookEndpoint = WebhookEndpoint.objects.create(
            tenant=make_tenant(balance=0), livemode=True, url="https://hooks.example/in", events=["*"], secret="sealed"
        )
    return row


def delivery(endpoint: WebhookEndpoint, status: str, **values: Any) -> WebhookDelivery:
    """A delivery that ended or waits for hours; nothing here is sent."""
    now = timezone.now()
    defaults: Mapping[str, Any] = {
        "tenant_id": endpoint.tenant_id, "endpoint_id": endpoint.id, "message_id": "evt_1",
        "event_type": "invoice.paid", "source_type": "invoice.paid", "subject": ids.new_id(), "facts": {},
        "event_at": now, "status": status,
        "attempts": 1, "due_at": now + timedelta(hours=4), "created_at": now,
    }  # fmt: skip
    with acting_as("operator"):
        row: WebhookDelivery = WebhookDelivery.objects.create(**{**defaults, **values})
    return row


def path_of(endpoint: WebhookEndpoint) -> str:
    return f"/admin/webhooks/{ids.encode(ids.WEBHOOK_ENDPOINT, endpoint.id)}/"


def path(endpoint: WebhookEndpoint, row: WebhookDelivery) -> str:
    return f"{path_of(endpoint)}{ids.encode(ids.WEBHOOK_DELIVERY, row.id)}/"


def state(row_id: UUID) -> tuple[str, int]:
    with acting_as("operator"):
        row = WebhookDelivery.objects.get(id=row_id)
    return row.status, row.attempts


def test_a_delivery_shows_its_answers_and_is_resent(
    operator: Visitor, reader: Visitor, endpoint: WebhookEndpoint
) -> None:
    row = delivery(endpoint, Status.FAILED, http_status=502, error="The receiver answered 502.")
    with acting_as("operator"):
        WebhookAttempt.objects.create(
            tenant_id=row.tenant_id, delivery_id=row.id, duration_ms=184, url=endpoint.url, http_status=502,
            response_body="<b>bad gateway</b>", error="The receiver answered 502.",
            request_headers={"webhook-signature": "v1,canary"},
        )  # fmt: skip
    page = shown(operator.get(path(endpoint, row)))
    assert "Answered 502 after 184 ms" in page
    assert "&lt;b&gt;bad gateway" in page
    assert "canary" not in page
    assert path(endpoint, row) in shown(operator.get(path_of(endpoint)))
    assert "resend/" not in shown(reader.get(path(endpoint, row)))
    assert reader.post(f"{path(endpoint, row)}resend/", confirm="1").status_code == 403
    assert state(row.id) == ("failed", 1)
    act_done(operator, f"{path(endpoint, row)}resend/")
    assert state(row.id) == ("pending", 0)
    event = audited(endpoint.tenant_id)[-1]
    assert (event.action, event.actor_label) == ("webhook_endpoint.resent", operator.email)
    stranger = WebhookEndpoint(id=ids.new_id(), tenant=Tenant())
    assert operator.get(path(stranger, row)).status_code == 404


def test_what_failed_within_a_span_is_resent(operator: Visitor, endpoint: WebhookEndpoint) -> None:
    now = timezone.now()
    failed, arrived = delivery(endpoint, Status.FAILED), delivery(endpoint, Status.SUCCEEDED)
    old = delivery(endpoint, Status.FAILED, created_at=now - timedelta(days=2))
    page = act_done(operator, f"{path_of(endpoint)}resend-failed/", span="day")
    assert "1 delivery is sent again." in page
    assert [state(row.id)[0] for row in (failed, arrived, old)] == ["pending", "succeeded", "failed"]
    act_done(operator, f"{path_of(endpoint)}resend-failed/", span="all")
    assert state(old.id) == ("pending", 0)
    with acting_as("operator"):
        WebhookEndpoint.objects.filter(id=endpoint.id).update(status="disabled", disabled_reason="failing")
    refused = act(operator, f"{path_of(endpoint)}resend-failed/", span="all")
    assert (refused.status_code, "Enable it first" in shown(refused)) == (422, True)
    assert "resend-failed" not in shown(operator.get(path_of(endpoint)))


def test_the_list_says_how_webhooks_go(operator: Visitor, endpoint: WebhookEndpoint) -> None:
    assert endpoint.url in shown(operator.get("/admin/webhooks/"))
    with acting_as("operator"):
        WebhookEndpoint.objects.filter(id=endpoint.id).update(failing_since=timezone.now())
    page = shown(operator.get(f"/admin/webhooks/?state=failing&tenant={endpoint.tenant.slug}"))
    assert "Failing" in page
    assert re.search(r"<h1>\d+ endpoints? (fails?|w)", page)
    assert endpoint.url in page
