"""The JSON of an operator and of an operator key."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from accounts.models import OperatorKey, User
from cavendish.db import ids
from cavendish.http.times import moment


def operator_json(user: User, password: str | None = None) -> dict[str, Any]:
    """Returns the operator. `password` is only there where an account was just created."""
    body = {
        "id": ids.encode(ids.USER, user.id),
        "object": "operator",
        "email": user.email,
        "name": user.name,
        "role": user.operator_role or None,
        "active": user.is_active,
        "created_at": moment(user.created_at),
        "last_login_at": moment(user.last_login),
    }
    return body if password is None else {**body, "password": password}


def operator_key_json(key: OperatorKey, secret: str | None = None) -> dict[str, Any]:
    """Returns the key. Every field is always present; `secret` only where it was just created."""
    body = {
        "id": ids.encode(ids.OPERATOR_KEY, key.id),
        "object": "operator_key",
        "name": key.name,
        "prefix": key.prefix,
        "role": key.role,
        "status": operator_key_status(key),
        "created_at": moment(key.created_at),
        "created_by": ids.encode(ids.USER, key.created_by_id) if key.created_by_id else None,
        "expires_at": moment(key.expires_at),
        "revoked_at": moment(key.revoked_at),
        "last_used_at": moment(key.last_used_at),
    }
    return body if secret is None else {**body, "secret": secret}


def operator_key_status(key: OperatorKey) -> str:
    """Returns `active`, `expired` or `revoked`."""
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= timezone.now() else "active"
