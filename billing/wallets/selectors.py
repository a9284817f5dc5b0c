from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from django.db.models import DecimalField, F, Func, Sum

from billing.models import Allowance, Credit, Wallet
from billing.money import ZERO
from billing.months import month_of

TAX_KEPT = Func(F("tenant_id"), F("livemode"), function="tax_kept", output_field=DecimalField())
"""`tax_kept` (SQL) of a wallet's row in a query."""


def wallet_of(*, tenant_id: UUID, livemode: bool) -> Wallet | None:
    wallet: Wallet | None = Wallet.objects.filter(tenant_id=tenant_id, livemode=livemode).first()
    return wallet


def credits_left(*, tenant_id: UUID, livemode: bool) -> list[Credit]:
    """Returns the credits that have something left, in the order in which they are spent."""
    return list(
        Credit.objects.filter(tenant_id=tenant_id, livemode=livemode, remaining__gt=0).order_by(
            F("expires_at").asc(nulls_last=True), "id"
        )
    )


def credits_sum(*, tenant_id: UUID, livemode: bool) -> Decimal:
    sums = Credit.objects.filter(tenant_id=tenant_id, livemode=livemode).aggregate(sum=Sum("remaining"))
    return sums["sum"] or ZERO


def allowance_left(*, tenant_id: UUID, included: int) -> int:
    """Returns how many of this month's pictures are neither used nor held; `included` when none was held yet."""
    month = month_of(tenant_id=tenant_id)
    allowance = Allowance.objects.filter(tenant_id=tenant_id, month=month.first).first()
    return allowance.included - allowance.used - allowance.held if allowance else included
