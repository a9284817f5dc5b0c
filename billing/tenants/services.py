"""Billing's part of a tenant: implements the port of `accounts.tenants` (accounts/billing_port.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings

from accounts.actor import Actor
from accounts.billing_port import STANDARD_PLAN, TenantTerms
from accounts.models import Tenant
from billing.models import Budget, Hold, Plan, Subscription, Wallet
from billing.money import AmountInvalid, amount_check, amount_parse
from billing.plans.services import plan_ensure, tenant_open
from billing.wallets.services import wallet_top_up
from cavendish.http.problems import invalid_value


class Billing:
    """Implements `TenantBilling`."""

    def tenant_open(self, *, tenant: Tenant, plan: str, opening_balance: str | Decimal, actor: Actor) -> None:
        tenant_open(tenant=tenant, plan=_plan(plan), actor=actor)
        if amount := _opening_balance(opening_balance):
            wallet_top_up(tenant_id=tenant.id, amount=amount, reason="Opening balance", actor=actor)

    def signed_up_open(self, *, tenant: Tenant) -> None:
        slug = settings.SIGNUP_PLAN
        tenant_open(tenant=tenant, plan=plan_ensure(slug=slug, name=slug.replace("-", " ").capitalize()))

    def terms_of(self, tenant_ids: Sequence[UUID]) -> Mapping[UUID, TenantTerms]:
        plans: dict[UUID, str] = {}
        started = Subscription.objects.filter(tenant_id__in=tenant_ids, starts_at__lte=datetime.now(UTC))
        for tenant_id, slug in started.order_by("starts_at").values_list("tenant_id", "plan__slug"):
            plans[tenant_id] = slug
        wallets = Wallet.objects.filter(tenant_id__in=tenant_ids, livemode=True).values_list("tenant_id", "currency")
        currencies: dict[UUID, str] = dict(wallets)
        return {one: TenantTerms(plans.get(one), currencies.get(one)) for one in tenant_ids}

    def was_billed(self, tenant_id: UUID) -> bool:
        # Every live job begins with a hold.
        billed: bool = Hold.objects.filter(tenant_id=tenant_id, livemode=True).exists()
        return billed

    def key_has_budget(self, *, tenant_id: UUID, key_id: UUID) -> bool:
        budgets = Budget.objects.filter(tenant_id=tenant_id, scope=Budget.Scope.KEY, scope_id=key_id, deleted_at=None)
        bound: bool = budgets.exists()
        return bound

    def plans(self) -> Sequence[tuple[str, str]]:
        return list(Plan.objects.filter(archived_at=None).order_by("name").values_list("slug", "name"))


def _plan(slug: str) -> Plan:
    if slug == STANDARD_PLAN:
        return plan_ensure(slug=STANDARD_PLAN, name="Standard")
    plan = Plan.objects.filter(slug=slug, archived_at=None).first()
    if plan is None:
        raise invalid_value("/plan", "unknown_value", f'There is no plan "{slug}" that tenants can be put on.')
    return plan


def _opening_balance(amount: str | Decimal) -> Decimal:
    try:
        return amount_check(amount, zero=True) if isinstance(amount, Decimal) else amount_parse(amount, zero=True)
    except AmountInvalid as error:
        raise invalid_value("/opening_balance", error.code, str(error)) from None
