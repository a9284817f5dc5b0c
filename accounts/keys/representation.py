"""The JSON of an API key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q
from django.utils import timezone

from accounts.audit.representation import creator_json
from accounts.models import ApiKey
from cavendish.db import ids
from cavendish.http.times import moment

STATUSES: dict[str, Callable[[], Q]] = {
    "active": lambda: Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=timezone.now())),
    "expired": lambda: Q(revoked_at=None, expires_at__lte=timezone.now()),
    "revoked": lambda: Q(revoked_at__isnull=False),
}
"""The conditions of the keys that have a status now."""


def key_json(key: ApiKey, secret: str | None = None) -> dict[str, Any]:
    """Returns the key as the API shows it. Every field is always present; `secret` only where it was just created."""
    body = {
        "id": ids.encode(ids.API_KEY, key.id),
        "object": "api_key",
        "name": key.name,
        "prefix": key.prefix,
        "livemode": key.livemode,
        "status": _status(key),
        "scopes": list(key.scopes),
        "ip_ranges": list(key.ip_ranges),
        "allowed_models": key.allowed_models,
        "console": key.is_console,
        "member_id": ids.encode(ids.USER, key.member_id) if key.member_id else None,
        "requests_per_minute": key.requests_per_minute,
        "images_per_minute": key.images_per_minute,
        "jobs_in_flight": key.jobs_in_flight,
        "created_at": moment(key.created_at),
        "created_by": creator_json(key.created_by_id, key.created_by_key_id),
        "expires_at": moment(key.expires_at),
        "revoked_at": moment(key.revoked_at),
        "last_used_at": moment(key.last_used_at),
        "last_used_address": key.last_used_address,
        "previous_secret_expires_at": moment(_overlap_end(key)),
    }
    return body if secret is None else {**body, "secret": secret}


def _status(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= timezone.now() else "active"


def _overlap_end(key: ApiKey) -> Any:
    """Returns when the secret before the last rotation ends, or None when it has ended."""
    end = key.previous_expires_at
    return end if key.revoked_at is None and end is not None and end > timezone.now() else None
