"""The JSON of an audit event, and of who created a key or an invitation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from accounts.models import AuditEvent
from cavendish.db import ids
from cavendish.http.times import moment

# Prefixes of the ids of actors and targets, for those that have ids elsewhere in the API.
ACTORS = {"key": ids.API_KEY, "person": ids.USER, "operator": ids.USER, "operator_key": ids.OPERATOR_KEY}


TARGETS = {
    "api_key": ids.API_KEY,
    "batch": ids.BATCH,
    "budget": ids.BUDGET,
    "credit": ids.CREDIT,
    "credit_note": ids.CREDIT_NOTE,
    "export": ids.EXPORT,
    "generation": ids.GENERATION,
    "guard_rule": ids.GUARD_RULE,
    "invitation": ids.INVITATION,
    "invoice": ids.INVOICE,
    "member": ids.USER,
    "operator": ids.USER,
    "operator_key": ids.OPERATOR_KEY,
    "person": ids.USER,
    "plan": ids.PLAN,
    "share_link": ids.SHARE_LINK,
    "template": ids.TEMPLATE,
    "tenant": ids.TENANT,
    "tenant_note": ids.TENANT_NOTE,
    "webhook_endpoint": ids.WEBHOOK_ENDPOINT,
}


def creator_json(user_id: UUID | None, key_id: UUID | None) -> dict[str, str] | None:
    """Returns who created something, or None for the operator and the platform."""
    if key_id is not None:
        return {"type": "key", "id": ids.encode(ids.API_KEY, key_id)}
    return {"type": "person", "id": ids.encode(ids.USER, user_id)} if user_id is not None else None


def audit_json(event: AuditEvent, *, full: bool) -> dict[str, Any]:
    """Returns the event as the API shows it.

    With `full`, which is for operators, it says which operator acted and from where; a tenant only reads "operator".
    """
    operators = event.actor_kind in {"operator", "operator_key"}
    hidden = operators and not full
    return {
        "id": ids.encode(ids.AUDIT_EVENT, event.id),
        "object": "audit_event",
        "at": moment(event.at),
        "action": event.action,
        "actor": {
            "type": "operator" if hidden else event.actor_kind,
            "id": None if hidden else _public_id(ACTORS, event.actor_kind, event.actor_id),
            "label": "" if hidden else event.actor_label,
            "address": None if hidden else event.address,
        },
        "target": {"type": event.target, "id": _public_id(TARGETS, event.target, event.target_id)},
        "before": event.before,
        "after": event.after,
        "tenant_id": ids.encode(ids.TENANT, event.tenant_id) if event.tenant_id else None,
    }


def _public_id(prefixes: dict[str, str], kind: str, value: UUID | str | None) -> str | None:
    if value is None:
        return None
    text = value.hex if isinstance(value, UUID) else value
    return f"{prefixes[kind]}_{text}" if kind in prefixes else text
