from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import connections
from django.db.models import F, Sum
from django.utils import timezone

from billing.models import Allowance, Credit, LedgerTransaction, Wallet
from billing.money import ZERO
from cavendish.db.router import current_alias


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


@dataclass(frozen=True)
class Month:
    """The month of a tenant's time zone that contains a moment, and its first day there."""

    first: date
    starts_at: datetime
    ends_at: datetime


def month_of(*, tenant_id: UUID, at: datetime | None = None) -> Month:
    """The tenant's month now, or at a moment."""
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(
            """SELECT (b.starts_at AT TIME ZONE t.billing_timezone)::date, b.starts_at, b.resets_at
               FROM accounts_tenant t, budget_period_bounds('month', t.created_at, t.billing_timezone, %s) b
               WHERE t.id = %s""",
            [at or timezone.now(), tenant_id],
        )
        row = cursor.fetchone()
    assert row is not None
    return Month(*row)


def allowance_left(*, tenant_id: UUID, included: int) -> int:
    """How many pictures of this month's are neither used nor held; `included` by the plan when none was held yet."""
    month = month_of(tenant_id=tenant_id)
    allowance = Allowance.objects.filter(tenant_id=tenant_id, month=month.first).first()
    return allowance.included - allowance.used - allowance.held if allowance else included


def refunded(*, tenant_id: UUID, generation_id: UUID) -> Decimal:
    """How much of a charge has been given back."""
    found = LedgerTransaction.objects.filter(
        tenant_id=tenant_id,
        kind=LedgerTransaction.Kind.REFUND,
        generation_id=generation_id,
        entries__account="wallet",
    ).aggregate(sum=Sum("entries__amount"))
    return found["sum"] or ZERO
