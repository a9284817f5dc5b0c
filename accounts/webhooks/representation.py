"""The JSON of webhook endpoints, deliveries and attempts. Every field is always present."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from accounts.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookSecret
from accounts.people.secret_box import unseal
from cavendish.db import ids
from cavendish.http.times import moment


def endpoint_json(endpoint: WebhookEndpoint, secret: str | None = None) -> dict[str, Any]:
    """Returns an endpoint; `secret` only where it was just created."""
    ends = endpoint.previous_expires_at
    body = {
        "id": ids.encode(ids.WEBHOOK_ENDPOINT, endpoint.id),
        "object": "webhook_endpoint",
        "url": endpoint.url,
        "events": list(endpoint.events),
        "description": endpoint.description,
        "livemode": endpoint.livemode,
        "status": endpoint.status,
        "disabled_reason": endpoint.disabled_reason or None,
        "failing_since": moment(endpoint.failing_since),
        "previous_secret_expires_at": moment(ends if ends and ends > timezone.now() else None),
        "created_at": moment(endpoint.created_at),
        "updated_at": moment(endpoint.updated_at),
    }
    return body if secret is None else {**body, "secret": secret}


def signing_secret_json(row: WebhookSecret) -> dict[str, Any]:
    """Returns the secret that signs requests to URLs of single jobs; null where SECRET_KEY was lost."""
    ends = row.previous_expires_at
    return {
        "object": "webhook_signing_secret",
        "livemode": row.livemode,
        "secret": unseal(row.secret),
        "previous_secret_expires_at": moment(ends if ends and ends > timezone.now() else None),
        "created_at": moment(row.created_at),
        "updated_at": moment(row.updated_at),
    }


def delivery_json(delivery: WebhookDelivery, last: WebhookAttempt | None) -> dict[str, Any]:
    """Returns a delivery with its last attempt, as lists show it."""
    waits = delivery.status == delivery.Status.PENDING
    return {
        "id": ids.encode(ids.WEBHOOK_DELIVERY, delivery.id),
        "object": "webhook_delivery",
        "endpoint_id": ids.encode(ids.WEBHOOK_ENDPOINT, delivery.endpoint_id),
        "event_id": delivery.message_id,
        "event_type": delivery.event_type,
        "status": delivery.status,
        "attempt_count": delivery.attempts,
        "http_status": delivery.http_status,
        "error": delivery.error or None,
        "next_attempt_at": moment(delivery.due_at if waits else None),
        "created_at": moment(delivery.created_at),
        "finished_at": moment(delivery.finished_at),
        "last_attempt": None if last is None else attempt_json(last),
    }


def delivery_detail_json(delivery: WebhookDelivery, attempts: Sequence[WebhookAttempt]) -> dict[str, Any]:
    """Returns a delivery with the body that is sent and all attempts, the oldest first."""
    return {
        **delivery_json(delivery, attempts[-1] if attempts else None),
        "request_body": delivery.body or None,
        "attempts": [attempt_json(attempt) for attempt in attempts],
    }


def attempt_json(attempt: WebhookAttempt) -> dict[str, Any]:
    return {
        "at": moment(attempt.at),
        "duration_ms": attempt.duration_ms,
        "http_status": attempt.http_status,
        "error": attempt.error or None,
        "request": {"url": attempt.url, "headers": attempt.request_headers},
        "response": {"headers": attempt.response_headers, "body": attempt.response_body},
    }
