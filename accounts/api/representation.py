"""Keys, members, invitations and audit events as the API shows them: every field is always there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import ApiKey, AuditEvent, Invitation, Membership
from cavendish.db import ids
from cavendish.http.times import moment

# What an audit event's actor and target are called by, for those that have ids elsewhere in the API.
ACTORS = {"key": ids.API_KEY, "person": ids.USER, "operator": ids.USER, "operator_key": ids.OPERATOR_KEY}
TARGETS = {
    "api_key": ids.API_KEY,
    "batch": ids.BATCH,
    "budget": ids.BUDGET,
    "credit": ids.CREDIT,
    "credit_note": ids.CREDIT_NOTE,
    "export": ids.EXPORT,
    "invitation": ids.INVITATION,
    "invoice": ids.INVOICE,
    "member": ids.USER,
    "operator_key": ids.OPERATOR_KEY,
    "person": ids.USER,
    "plan": ids.PLAN,
    "tenant": ids.TENANT,
}


def key_json(key: ApiKey, secret: str | None = None) -> dict[str, Any]:
    """`secret` once, in the answer that makes it."""
    shown = {
        "id": ids.encode(ids.API_KEY, key.id),
        "object": "api_key",
        "name": key.name,
        "prefix": key.prefix,
        "livemode": key.livemode,
        "status": _status(key),
        "scopes": list(key.scopes),
        "ip_ranges": list(key.ip_ranges),
        "allowed_models": key.allowed_models,
        "member_id": ids.encode(ids.USER, key.member_id) if key.member_id else None,
        "requests_per_minute": key.requests_per_minute,
        "images_per_minute": key.images_per_minute,
        "jobs_in_flight": key.jobs_in_flight,
        "created_at": moment(key.created_at),
        "created_by": _maker(key.created_by_id, key.created_by_key_id),
        "expires_at": moment(key.expires_at),
        "revoked_at": moment(key.revoked_at),
        "last_used_at": moment(key.last_used_at),
        "last_used_address": key.last_used_address,
        "previous_secret_expires_at": moment(_overlap_end(key)),
    }
    return shown if secret is None else {**shown, "secret": secret}


def _status(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= timezone.now() else "active"


def _overlap_end(key: ApiKey) -> Any:
    """When the secret before the last rotation ends; None when none works any more."""
    end = key.previous_expires_at
    return end if key.revoked_at is None and end is not None and end > timezone.now() else None


def _maker(user_id: UUID | None, key_id: UUID | None) -> dict[str, str] | None:
    if key_id is not None:
        return {"type": "key", "id": ids.encode(ids.API_KEY, key_id)}
    return {"type": "person", "id": ids.encode(ids.USER, user_id)} if user_id is not None else None


def member_json(membership: Membership) -> dict[str, Any]:
    """With its `user` loaded. A member is named by the person's id, which keys, budgets and usage know too."""
    return {
        "id": ids.encode(ids.USER, membership.user_id),
        "object": "member",
        "email": membership.user.email,
        "name": membership.user.name,
        "role": membership.role,
        "created_at": moment(membership.created_at),
    }


def invitation_json(invitation: Invitation) -> dict[str, Any]:
    return {
        "id": ids.encode(ids.INVITATION, invitation.id),
        "object": "invitation",
        "email": invitation.email,
        "role": invitation.role,
        "status": _invitation_status(invitation),
        "created_at": moment(invitation.created_at),
        "created_by": _maker(invitation.created_by_id, invitation.created_by_key_id),
        "sent_at": moment(invitation.sent_at),
        "expires_at": moment(invitation.expires_at),
        "accepted_at": moment(invitation.accepted_at),
        "revoked_at": moment(invitation.revoked_at),
    }


def _invitation_status(invitation: Invitation) -> str:
    if invitation.accepted_at is not None:
        return "accepted"
    if invitation.revoked_at is not None:
        return "revoked"
    return "expired" if invitation.expires_at <= timezone.now() else "open"


def audit_json(event: AuditEvent, *, full: bool) -> dict[str, Any]:
    """`full` for operators. A tenant reads that the operator did something, not which of its people or from where."""
    operators = event.actor_kind in {"operator", "operator_key"}
    hidden = operators and not full
    return {
        "id": ids.encode(ids.AUDIT_EVENT, event.id),
        "object": "audit_event",
        "at": moment(event.at),
        "action": event.action,
        "actor": {
            "type": "operator" if hidden else event.actor_kind,
            "id": None if hidden else _public(ACTORS, event.actor_kind, event.actor_id),
            "label": "" if hidden else event.actor_label,
            "address": None if hidden else event.address,
        },
        "target": {"type": event.target, "id": _public(TARGETS, event.target, event.target_id)},
        "before": event.before,
        "after": event.after,
        "tenant_id": ids.encode(ids.TENANT, event.tenant_id) if event.tenant_id else None,
    }


def _public(prefixes: dict[str, str], kind: str, value: UUID | str | None) -> str | None:
    if value is None:
        return None
    text = value.hex if isinstance(value, UUID) else value
    return f"{prefixes[kind]}_{text}" if kind in prefixes else text
