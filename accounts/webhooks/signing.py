"""Secrets and signatures as Standard Webhooks has them (standardwebhooks.com, version 1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

from accounts.people.secret_box import unseal

PREFIX = "whsec_"


def secret_new() -> str:
    """Returns a new secret: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def keys_unseal(*, secret: str, previous: str, previous_expires_at: datetime | None, at: datetime) -> list[str]:
    """Returns the secrets that sign at a moment, the newest first; one that was sealed with an unknown key does not.

    `previous` is the one before a rotation, empty for none.
    """
    sealed = [secret]
    if previous and previous_expires_at is not None and previous_expires_at > at:
        sealed.append(previous)
    return [key for key in map(unseal, sealed) if key is not None]


def request_headers(*, message_id: str, at: datetime, body: bytes, keys: Sequence[str]) -> dict[str, str]:
    """Returns all headers of a signed request."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "Cavendish-Webhooks",
        **headers_sign(message_id=message_id, at=at, body=body, keys=keys),
    }


def headers_sign(*, message_id: str, at: datetime, body: bytes, keys: Sequence[str]) -> dict[str, str]:
    """Returns the three headers. `keys` are the secrets that sign, the newest first: one signature each."""
    timestamp = str(int(at.timestamp()))
    signatures = " ".join(f"v1,{_signature(key, message_id, timestamp, body)}" for key in keys)
    return {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": signatures}


def _signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
