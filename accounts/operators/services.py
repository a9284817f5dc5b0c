"""Writes of operators, their roles and their keys. All of it runs as the operator and is audited.

Each asks for the permission `operators` itself, so that no page can forget to: an actor has the role that it has now.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.audit.services import audit_add
from accounts.authentication import tokens
from accounts.errors import AddressUnverified, AlreadyOperator, OwnRole, PowersExceeded
from accounts.models import OperatorKey, OperatorRole, User
from accounts.operators.selectors import operator_role_of
from accounts.roles.last_operator import operator_lock
from accounts.roles.operators import OperatorPermission, operator_may, operator_refusal, role_within
from cavendish.db.router import current_alias
from cavendish.http.problems import not_found


def operator_create(
    *, email: str, role: OperatorRole, name: str = "", password: str | None = None, actor: Actor = SYSTEM
) -> tuple[User, str | None]:
    """Makes somebody an operator. Returns the person, and the password of a new account, which is stored nowhere.

    A person who has an account keeps its password and name, and must have verified the address: anybody may sign up
    under an address that is not theirs. Without `password` a new account gets one. Raises AlreadyOperator,
    AddressUnverified, PowersExceeded.
    """
    email = email.lower()
    with transaction.atomic(using=current_alias()):
        _require(actor, role)
        user = User.objects.select_for_update(no_key=True).filter(email=email).first()
        if user is None:
            password = password or secrets.token_urlsafe(18)
            manager = User.objects.db_manager(current_alias())
            user = manager.create_operator(email, password, role=role, name=name)
            EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
        else:
            password = None
            _promote(user, role)
        audit_add(
            actor=actor,
            action="operator.created",
            tenant_id=None,
            target="operator",
            target_id=user.id,
            after={"email": email, "role": role},
        )
    return user, password


def operator_role_change(*, user_id: UUID, role: OperatorRole, actor: Actor) -> User:
    """Changes an operator's role, and revokes those of their keys that have more. Returns the operator.

    Raises Problem 404, OwnRole, LastFullOperator, PowersExceeded.
    """
    with transaction.atomic(using=current_alias()):
        _require(actor, role)
        user = _other_operator(user_id, actor, keep_full=role != OperatorRole.FULL)
        before = user.operator_role
        if before == role:
            return user
        user.operator_role = role
        user.save(update_fields=["operator_role"])
        _audit_role(user, actor, "role_changed", before=before, after=role)
        _keys_beyond_revoke(user, actor)
    return user


def operator_remove(*, user_id: UUID, actor: Actor) -> None:
    """Takes the role from an operator and revokes their keys. Their account and their memberships stay.

    Raises Problem 404, OwnRole, LastFullOperator.
    """
    with transaction.atomic(using=current_alias()):
        _require(actor)
        user = _other_operator(user_id, actor, keep_full=True)
        before = user.operator_role
        user.is_staff = user.is_superuser = False
        user.operator_role = ""
        user.save(update_fields=["is_staff", "is_superuser", "operator_role"])
        _audit_role(user, actor, "removed", before=before, after=None)
        _keys_beyond_revoke(user, actor)


def operator_key_create(
    *, name: str, role: OperatorRole, expires_at: datetime | None = None, actor: Actor = SYSTEM
) -> tuple[OperatorKey, str]:
    """Creates an operator key. Returns the row and the secret, which is stored nowhere. Raises PowersExceeded.

    It belongs to the operator who makes it, also by way of another key; a key of the platform's belongs to nobody.
    """
    new = tokens.generate_operator()
    with transaction.atomic(using=current_alias()):
        _require(actor, role)
        row = OperatorKey.objects.create(
            name=name,
            role=role,
            prefix=new.prefix,
            digest=new.digest,
            expires_at=expires_at,
            created_by_id=_person_behind(actor),
        )
        audit_add(
            actor=actor,
            action="operator_key.created",
            tenant_id=None,
            target="operator_key",
            target_id=row.id,
            after={"name": name, "prefix": new.prefix, "role": role, "expires_at": expires_at},
        )
    return row, new.secret


def operator_key_revoke(*, key_id: UUID, actor: Actor) -> bool:
    """Revokes an operator key. Returns False when there is no such key or it is revoked already."""
    with transaction.atomic(using=current_alias()):
        _require(actor)
        return _key_revoke(key_id, actor)


def _require(actor: Actor, role: OperatorRole | None = None) -> None:
    """Raises OperatorNotAllowed without the permission, PowersExceeded for a role with more than the actor's own."""
    own = operator_role_of(actor)
    if not operator_may(own, OperatorPermission.OPERATORS):
        raise operator_refusal(own, OperatorPermission.OPERATORS)
    if role is not None and not role_within(role, own):
        raise PowersExceeded(f'The role "{role}" has more permissions than yours.')


def _promote(user: User, role: OperatorRole) -> None:
    if user.is_staff:
        raise AlreadyOperator(f"{user.email} is an operator already; change the role.")
    if not EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists():
        raise AddressUnverified(f"Nobody has verified the address {user.email} of this account yet.")
    user.is_staff, user.operator_role = True, role
    user.save(update_fields=["is_staff", "operator_role"])


def _other_operator(user_id: UUID, actor: Actor, *, keep_full: bool) -> User:
    """Returns the operator, locked, who is not the one who acts, neither in person nor with a key of theirs."""
    if user_id == _person_behind(actor):
        raise OwnRole("You cannot change or remove your own role; ask another operator.")
    user = operator_lock(user_id, keep_full=keep_full)
    if user is None or not user.is_staff:
        raise not_found()
    return user


def _person_behind(actor: Actor) -> UUID | None:
    """Returns who acts, or whose key does; None for the platform and for keys of nobody's."""
    if actor.kind == "operator":
        return actor.id
    if actor.kind != "operator_key" or actor.id is None:
        return None
    return OperatorKey.objects.filter(id=actor.id).values_list("created_by_id", flat=True).first()


def _keys_beyond_revoke(user: User, actor: Actor) -> None:
    for key in OperatorKey.objects.filter(created_by=user, revoked_at=None).order_by("id"):
        if not role_within(key.role, user.operator_role):
            _key_revoke(key.id, actor)


def _key_revoke(key_id: UUID, actor: Actor) -> bool:
    changed = OperatorKey.objects.filter(id=key_id, revoked_at=None).update(revoked_at=timezone.now())
    if changed:
        audit_add(actor=actor, action="operator_key.revoked", tenant_id=None, target="operator_key", target_id=key_id)
    return bool(changed)


def _audit_role(user: User, actor: Actor, done: str, *, before: str, after: str | None) -> None:
    audit_add(
        actor=actor,
        action=f"operator.{done}",
        tenant_id=None,
        target="operator",
        target_id=user.id,
        before={"role": before},
        after={"role": after},
    )
