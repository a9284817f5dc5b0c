"""Writes of accounts. Operators act through `acting_as("operator")`; the app role cannot create tenants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts import keys
from accounts.actor import SYSTEM, Actor
from accounts.audit import audit_add
from accounts.models import ApiKey, Membership, OperatorKey, Role, Scope, Tenant, User
from cavendish.db.router import current_alias


def tenant_create(*, slug: str, name: str, **settings: object) -> Tenant:
    """A tenant with its settings; money and plan are billing's (`billing.services.tenant_open`)."""
    with transaction.atomic(using=current_alias()):
        return Tenant.objects.create(slug=slug, name=name, **settings)


def user_create(*, email: str, password: str, name: str = "", operator: bool = False) -> User:
    with transaction.atomic(using=current_alias()):
        manager = User.objects.db_manager(current_alias())
        if operator:
            return manager.create_superuser(email, password, name=name)
        return manager.create_user(email, password, name=name)


def membership_create(*, tenant: Tenant, user: User, role: Role) -> Membership:
    with transaction.atomic(using=current_alias()):
        membership: Membership = Membership.objects.create(tenant=tenant, user=user, role=role)
        return membership


def api_key_create(
    *,
    tenant_id: UUID,
    name: str,
    livemode: bool,
    scopes: Sequence[str] = tuple(Scope.values),
    created_by: User | None = None,
) -> tuple[ApiKey, str]:
    """The row and the secret, which is nowhere else from then on."""
    new = keys.generate(livemode=livemode)
    with transaction.atomic(using=current_alias()):
        row = ApiKey.objects.create(
            tenant_id=tenant_id,
            name=name,
            livemode=livemode,
            scopes=list(scopes),
            prefix=new.prefix,
            digest=new.digest,
            created_by=created_by,
        )
    return row, new.secret


def operator_key_create(
    *, name: str, expires_at: datetime | None = None, created_by: User | None = None, actor: Actor = SYSTEM
) -> tuple[OperatorKey, str]:
    """As the operator. The row and the secret, which is nowhere else from then on."""
    new = keys.generate_operator()
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
    """As the operator; false when there is no such key or it was revoked before."""
    with transaction.atomic(using=current_alias()):
        changed = OperatorKey.objects.filter(id=key_id, revoked_at=None).update(revoked_at=timezone.now())
        if changed:
            audit_add(
                actor=actor, action="operator_key.revoked", tenant_id=None, target="operator_key", target_id=key_id
            )
    return bool(changed)
