"""Reads of operators and their keys, as the operator."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import OperatorKey, OperatorRole, User


def operators() -> QuerySet[User]:
    """Returns all operators, deactivated ones too."""
    return User.objects.filter(is_staff=True)


def operator_find(user_id: UUID) -> User | None:
    return operators().filter(id=user_id).first()


def operator_keys() -> QuerySet[OperatorKey]:
    """Returns all operator keys with who made them; revoked and expired ones too."""
    return OperatorKey.objects.select_related("created_by")


def operator_role_of(actor: Actor) -> str:
    """Returns the role that an actor has now: empty for whoever is no operator, `full` for the platform itself."""
    if actor.kind == "system":
        return OperatorRole.FULL
    role: str | None = None
    if actor.kind == "operator" and actor.id is not None:
        rows = User.objects.filter(id=actor.id, is_active=True, is_staff=True)
        role = rows.values_list("operator_role", flat=True).first()
    elif actor.kind == "operator_key" and actor.id is not None:
        alive = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
        keys = OperatorKey.objects.filter(alive, id=actor.id, revoked_at=None)
        role = keys.values_list("role", flat=True).first()
    return role or ""
