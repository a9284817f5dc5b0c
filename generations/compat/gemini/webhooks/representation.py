"""A webhook endpoint as the SDKs' `Webhook`."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from accounts.models import WebhookEndpoint
from accounts.people.secret_box import unseal
from cavendish.db import ids
from cavendish.http.times import moment

TRUNCATED_CHARS = 12
_FAILED = frozenset({WebhookEndpoint.Reason.FAILING, WebhookEndpoint.Reason.GONE})


def webhook_json(endpoint: WebhookEndpoint, secret: str | None = None) -> dict[str, Any]:
    """Returns the webhook; its secret only where it was just created, else how it begins."""
    state = str(endpoint.status)
    if endpoint.disabled_reason in _FAILED:
        state = "disabled_due_to_failed_deliveries"
    shown: dict[str, Any] = {
        "id": ids.encode(ids.WEBHOOK_ENDPOINT, endpoint.id),
        "name": endpoint.description,
        "uri": endpoint.url,
        "subscribed_events": list(endpoint.events),
        "state": state,
        "signing_secrets": _secrets(endpoint),
        "create_time": moment(endpoint.created_at),
        "update_time": moment(endpoint.updated_at),
    }
    return shown if secret is None else {**shown, "new_signing_secret": secret}


def _secrets(endpoint: WebhookEndpoint) -> list[dict[str, str | None]]:
    secrets: list[dict[str, str | None]] = [{"truncated_secret": _truncated(endpoint.secret)}]
    ends = endpoint.previous_expires_at
    if endpoint.previous_secret and ends is not None and ends > timezone.now():
        secrets.append({"truncated_secret": _truncated(endpoint.previous_secret), "expire_time": moment(ends)})
    return secrets


def _truncated(sealed: str) -> str:
    return f"{(unseal(sealed) or '')[:TRUNCATED_CHARS]}…"
