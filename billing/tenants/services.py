"""Tenants as operators open and set them: accounts' part and billing's in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.actor import Actor
from accounts.invitations.services import invitation_create
from accounts.models import Role, Tenant
from accounts.tenants.services import tenant_create, tenant_update
from billing.models import Plan
from billing.plans.services import plan_ensure, tenant_open
from billing.tenants.selectors import was_billed
from billing.wallets.services import wallet_top_up
from cavendish.db.router import current_alias
from cavendish.http.problems import invalid_value

STANDARD = "standard"


def tenant_start(
    *,
    slug: str,
    name: str,
    actor: Actor,
    plan: str = STANDARD,
    opening_balance: Decimal = Decimal(0),
    owner_email: str = "",
    **settings: Any,
) -> Tenant:
    """As the operator: a tenant that can begin, on the plan of that slug; all of it or nothing.

    `opening_balance` is what it has paid in; `owner_email` gets an invitation as the owner. Raises Problem 422.
    """
    with transaction.atomic(using=current_alias()):
        tenant = tenant_create(slug=slug, name=name, actor=actor, **settings)
        tenant_open(tenant=tenant, plan=_plan(plan), actor=actor)
        if opening_balance:
            wallet_top_up(tenant_id=tenant.id, amount=opening_balance, reason="Opening balance", actor=actor)
        if owner_email:
            invitation_create(tenant_id=tenant.id, email=owner_email, role=Role.OWNER, actor=actor)
    return tenant


def tenant_set(*, tenant_id: UUID, changed: Mapping[str, Any], actor: Actor) -> Tenant:
    """As the operator: `accounts.services.tenant_update`, which lets a time zone wait where anything was billed."""
    at_once = "billing_timezone" in changed and not was_billed(tenant_id)
    return tenant_update(tenant_id=tenant_id, changed=changed, actor=actor, timezone_at_once=at_once)


def _plan(slug: str) -> Plan:
    if slug == STANDARD:
        return plan_ensure(slug=STANDARD, name="Standard")
    found = Plan.objects.filter(slug=slug, archived_at=None).first()
    if found is None:
        raise invalid_value("/plan", "unknown_value", f'There is no plan "{slug}" that tenants can be put on.')
    return found
