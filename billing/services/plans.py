from __future__ import annotations

from decimal import Decimal

from django.db import transaction

from accounts.models import Tenant
from billing.models import Plan, Subscription, Wallet
from cavendish.db.router import current_alias


def plan_ensure(*, slug: str, name: str, currency: str = "USD", markup_percent: Decimal = Decimal(0)) -> Plan:
    with transaction.atomic(using=current_alias()):
        plan, _ = Plan.objects.get_or_create(
            slug=slug, defaults={"name": name, "currency": currency, "markup_percent": markup_percent}
        )
    return plan


def tenant_open(*, tenant: Tenant, plan: Plan) -> None:
    """Wallets for live and test mode and the plan: what a tenant needs before its first job."""
    with transaction.atomic(using=current_alias()):
        Subscription.objects.create(tenant=tenant, plan=plan)
        for livemode in (True, False):
            Wallet.objects.create(tenant=tenant, livemode=livemode, currency=plan.currency)
