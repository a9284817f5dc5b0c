"""Writes of the audit log: who did what to which object, from where, before and after. Append only, without secrets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from accounts.actor import Actor
from accounts.idempotency import note_audited
from accounts.models import AuditEvent

# Names of values that must never be stored: a service that passes one is a defect, found by its first test.
SECRET_NAMES = frozenset({"secret", "password", "digest", "token", "api_key", "private_key", "key", "code"})
MAX_TEXT = 500


def audit_add(
    *,
    actor: Actor,
    action: str,
    tenant_id: UUID | None,
    target: str,
    target_id: UUID | str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Adds one row in the caller's transaction. `action` is "<target>.<done>", for example "api_key.revoked".

    `before` and `after` name only what differs. `tenant_id` is None for what concerns the platform (prices, operators).
    Raises ValueError for a value whose name says that it is a secret.
    """
    note_audited(target_id)
    AuditEvent.objects.create(
        tenant_id=tenant_id,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=actor.label[:254],
        address=actor.address or None,
        action=action,
        target=target,
        target_id=target_id.hex if isinstance(target_id, UUID) else target_id,
        before=_json_safe(before or {}),
        after=_json_safe(after or {}),
    )


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns both without what is the same in them."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {n: before[n] for n in names if n in before}, {n: after[n] for n in names if n in after}


def _json_safe(values: Mapping[str, Any]) -> dict[str, Any]:
    if secret_names := SECRET_NAMES & values.keys():
        raise ValueError(f"{', '.join(sorted(secret_names))} does not belong in the audit log.")
    return {name: _value(value) for name, value in values.items()}


def _value(value: Any) -> Any:
    match value:
        case Mapping():
            return _json_safe(value)
        case list() | tuple() | set() | frozenset():
            return [_value(item) for item in value]
        case Enum():
            return value.value
        case bool() | int() | None:
            return value
        case UUID():
            return value.hex
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
        case _:
            return str(value)[:MAX_TEXT]
