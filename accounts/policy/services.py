"""Writes of the use policy's acceptance by tenants."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.actor import Actor
from accounts.audit.services import audit_add
from accounts.errors import PolicyOutdated
from accounts.models import Tenant
from accounts.roles.authority import authority_of
from accounts.roles.permissions import Permission
from cavendish.db.tenancy import tenant_work
from cavendish.http.problems import not_found


def policy_accept(*, tenant_id: UUID, version: str, actor: Actor, accepted_by: str = "") -> Tenant:
    """Records that an owner accepted the use policy for the tenant; repeating it changes nothing.

    The actor is that owner, or the operator who names the owner in `accepted_by`. `version` is the one that was read.
    Raises PolicyOutdated when that is not the current one any more, NotAllowed for whoever is no owner.
    """
    if version != settings.POLICY_VERSION:
        raise PolicyOutdated(f"The current use policy is {settings.POLICY_VERSION}. Read and accept that version.")
    with tenant_work(tenant_id):
        if not actor.is_operator:
            authority_of(actor, tenant_id).require(Permission.POLICY)
        tenant = Tenant.objects.select_for_update(no_key=True).filter(id=tenant_id).first()
        if tenant is None:
            raise not_found()
        if tenant.policy_version != version:
            before = tenant.policy_version
            tenant.policy_version, tenant.policy_accepted_at = version, timezone.now()
            tenant.save(update_fields=["policy_version", "policy_accepted_at"])
            audit_add(
                actor=actor,
                action="tenant.policy_accepted",
                tenant_id=tenant_id,
                target="tenant",
                target_id=tenant_id,
                before={"version": before},
                after={"version": version, **({"accepted_by": accepted_by} if accepted_by else {})},
            )
    return tenant
