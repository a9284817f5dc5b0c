"""Writes of memberships: who belongs to a tenant, and as what."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_noop

from accounts.actor import SYSTEM, Actor
from accounts.audit.services import audit_add
from accounts.errors import LastOwner, NotAllowed
from accounts.keys.services import api_keys_of_member_revoke
from accounts.models import Membership, Role, Tenant, User
from accounts.roles.authority import Authority, authority_of
from accounts.roles.permissions import Permission
from cavendish.db.router import current_alias
from cavendish.db.tenancy import tenant_work
from cavendish.events.services import event_add
from cavendish.http.problems import not_found


def membership_create(*, tenant: Tenant, user: User, role: Role, actor: Actor = SYSTEM) -> Membership:
    """Adds a member as the operator; everybody else joins by an invitation. Raises IntegrityError for a member."""
    with transaction.atomic(using=current_alias()):
        membership: Membership = Membership.objects.create(tenant=tenant, user=user, role=role)
        _audit(actor, "joined", tenant.id, user.id, None, {"role": role, "email": user.email})
    return membership


def membership_role_change(*, tenant_id: UUID, user_id: UUID, role: Role, actor: Actor) -> Membership:
    """Changes a member's role.

    Raises LastOwner where the tenant would be left without an owner, NotAllowed where the change concerns owners and
    the actor is none.
    """
    with tenant_work(tenant_id):
        authority = authority_of(actor, tenant_id)
        authority.require(Permission.MEMBERS)
        owners = _owners_locked(tenant_id)
        membership = _locked(tenant_id, user_id)
        if membership.role == role:
            return membership
        if authority.key is not None and authority.key.member_id == user_id:
            raise NotAllowed("A key cannot change the role of the member that it belongs to.")
        require_assignable(authority, role)
        if Role.OWNER in (membership.role, role):
            require_owner(authority)
        if membership.role == Role.OWNER and owners == {user_id}:
            raise LastOwner(gettext_noop("A tenant needs an owner. Make another member an owner first."))
        before = membership.role
        membership.role = role
        membership.save(update_fields=["role"])
        _audit(actor, "role_changed", tenant_id, user_id, {"role": before}, {"role": role})
    return membership


def membership_remove(*, tenant_id: UUID, user_id: UUID, actor: Actor) -> int:
    """Ends a membership and revokes the keys that count for that person. Returns how many keys.

    Everybody may leave. Whoever manages members may remove others, and only owners may remove owners. Raises LastOwner.
    """
    with tenant_work(tenant_id):
        authority = authority_of(actor, tenant_id)
        leaving = actor.kind == "person" and actor.id == user_id
        if not leaving:
            authority.require(Permission.MEMBERS)
        owners = _owners_locked(tenant_id)
        membership = _locked(tenant_id, user_id)
        if membership.role == Role.OWNER and not leaving:
            require_owner(authority)
        if owners == {user_id}:
            raise LastOwner(gettext_noop("A tenant needs an owner. Make another member an owner first."))
        membership.delete()
        revoked = api_keys_of_member_revoke(tenant_id=tenant_id, member_id=user_id, actor=actor)
        _audit(actor, "left" if leaving else "removed", tenant_id, user_id, {"role": membership.role}, None)
    return revoked


def require_assignable(authority: Authority, role: Role) -> None:
    """Raises NotAllowed where a key would make somebody more than it is itself."""
    if not authority.may_assign(role):
        raise NotAllowed(f'A key can only give roles whose permissions it has itself, which "{role}" exceeds.')


def require_owner(authority: Authority) -> None:
    if not authority.may(Permission.OWNERS):
        if authority.key is not None:
            raise NotAllowed("A key cannot add, change or remove an owner.")
        raise NotAllowed(gettext_noop("Only an owner can add, change or remove an owner."))


def _owners_locked(tenant_id: UUID) -> set[UUID]:
    """Returns the owners, locked in one order: of two who remove each other at once, the second waits and stays."""
    rows = Membership.objects.select_for_update(no_key=True).filter(tenant_id=tenant_id, role=Role.OWNER).order_by("id")
    return {row.user_id for row in rows}


def _locked(tenant_id: UUID, user_id: UUID) -> Membership:
    membership: Membership | None = (
        Membership.objects.select_for_update(no_key=True).filter(tenant_id=tenant_id, user_id=user_id).first()
    )
    if membership is None:
        raise not_found()
    return membership


def _audit(
    actor: Actor,
    done: str,
    tenant_id: UUID,
    user_id: UUID,
    before: dict[str, object] | None,
    after: dict[str, object] | None,
) -> None:
    audit_add(
        actor=actor,
        action=f"member.{done}",
        tenant_id=tenant_id,
        target="member",
        target_id=user_id,
        before=before,
        after=after,
    )
    # Without the address, which the audit log has: whoever reads webhooks need not manage members.
    role = (after or before or {}).get("role")
    event_add(tenant_id=tenant_id, subject=user_id, type=f"member.{done}", data={"role": str(role)})
