from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import Tenant
from billing.models import Plan, PlanVersion, Subscription, Wallet
from cavendish.db.router import current_alias


def plan_ensure(*, slug: str, name: str, currency: str = "USD", markup_percent: Decimal = Decimal(0)) -> Plan:
    """The plan of this slug, made with its first terms when there is none."""
    with transaction.atomic(using=current_alias()):
        plan, made = Plan.objects.get_or_create(slug=slug, defaults={"name": name, "currency": currency})
        if made:
            PlanVersion.objects.create(plan=plan, effective_from=Now(), markup_percent=markup_percent)
    return plan


def tenant_open(*, tenant: Tenant, plan: Plan) -> None:
    """Wallets for live and test mode and the plan: what a tenant needs before its first job."""
    with transaction.atomic(using=current_alias()):
        Subscription.objects.create(tenant=tenant, plan=plan)
        for livemode in (True, False):
            Wallet.objects.create(tenant=tenant, livemode=livemode, currency=plan.currency)
