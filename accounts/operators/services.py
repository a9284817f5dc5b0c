"""Writes of the operator's own keys."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.audit.services import audit_add
from accounts.authentication import tokens
from accounts.models import OperatorKey, User
from cavendish.db.router import current_alias


def operator_key_create(
    *, name: str, expires_at: datetime | None = None, created_by: User | None = None, actor: Actor = SYSTEM
) -> tuple[OperatorKey, str]:
    """Creates an operator key, as the operator. Returns the row and the secret, which is stored nowhere."""
    new = tokens.generate_operator()
    with transaction.atomic(using=current_alias()):
        row = OperatorKey.objects.create(
            name=name, prefix=new.prefix, digest=new.digest, expires_at=expires_at, created_by=created_by
        )
        audit_add(
            actor=actor,
            action="operator_key.created",
            tenant_id=None,
            target="operator_key",
            target_id=row.id,
            after={"name": name, "prefix": new.prefix, "expires_at": expires_at},
        )
    return row, new.secret


def operator_key_revoke(*, key_id: UUID, actor: Actor) -> bool:
    """Revokes an operator key, as the operator. Returns False when there is no such key or it is revoked already."""
    with transaction.atomic(using=current_alias()):
        changed = OperatorKey.objects.filter(id=key_id, revoked_at=None).update(revoked_at=timezone.now())
        if changed:
            audit_add(
                actor=actor, action="operator_key.revoked", tenant_id=None, target="operator_key", target_id=key_id
            )
    return bool(changed)
