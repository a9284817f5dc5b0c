from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from django.db.models import F, Sum

from billing.models import Allowance, Credit, Wallet
from billing.money import ZERO
from billing.months import month_of


def wallet_of(*, tenant_id: UUID, livemode: bool) -> Wallet | None:
    found: Wallet | None = Wallet.objects.filter(tenant_id=tenant_id, livemode=livemode).first()
    return found


def credits_left(*, tenant_id: UUID, livemode: bool) -> list[Credit]:
    """Credits that can be spent, in the order in which they are."""
    return list(
        Credit.objects.filter(tenant_id=tenant_id, livemode=livemode, remaining__gt=0).order_by(
            F("expires_at").asc(nulls_last=True), "id"
        )
    )


def credits_sum(*, tenant_id: UUID, livemode: bool) -> Decimal:
    found = Credit.objects.filter(tenant_id=tenant_id, livemode=livemode).aggregate(sum=Sum("remaining"))
    return found["sum"] or ZERO


def allowance_left(*, tenant_id: UUID, included: int) -> int:
    """How many pictures of this month's are neither used nor held; `included` by the plan when none was held yet."""
    month = month_of(tenant_id=tenant_id)
    allowance = Allowance.objects.filter(tenant_id=tenant_id, month=month.first).first()
    return allowance.included - allowance.used - allowance.held if allowance else included
