"""Writes of billing. What belongs to a job's acceptance and end are SQL functions (billing/sql), called there."""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal
from uuid import UUID

from django.db import connections, transaction
from django.db.models import F

from accounts.models import Tenant
from billing.models import LedgerEntry, LedgerTransaction, Plan, Price, Subscription, Wallet
from cavendish.db.router import current_alias
from cavendish.gemini.catalog import prices


def prices_ship() -> int:
    """Adds the shipped upstream prices that the book lacks; prices set by an operator stay. Answers how many."""
    made = 0
    with transaction.atomic(using=current_alias()):
        for row in prices():
            _, created = Price.objects.get_or_create(
                plan=None,
                model=row.model,
                kind=row.kind,
                tier=row.tier,
                effective_from=datetime.combine(row.as_of, time(), tzinfo=UTC),
                defaults={
                    "unit": row.unit,
                    "unit_price": row.price,
                    "currency": row.currency,
                    "source": row.source,
                },
            )
            made += created
    return made


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


def wallet_top_up(
    *, tenant_id: UUID, amount: Decimal, reason: str, actor: str, livemode: bool = True
) -> LedgerTransaction:
    """Money paid in: an entry on the wallet and its counterpart, and the cached balance, in one transaction.

    Raises ValueError for an amount that is not positive, not finite or finer than nine places.
    """
    if not amount.is_finite() or amount <= 0 or amount != amount.quantize(Decimal("0.000000001")):
        raise ValueError(f"{amount} is no amount to top up with; it must be positive, with at most nine places.")
    alias = current_alias()
    with transaction.atomic(using=alias):
        wallet = Wallet.objects.get(tenant_id=tenant_id, livemode=livemode)
        entry: LedgerTransaction = LedgerTransaction.objects.create(
            tenant_id=tenant_id, livemode=livemode, kind=LedgerTransaction.Kind.TOP_UP, reason=reason, actor=actor
        )
        for account, signed in ((LedgerEntry.Account.WALLET, amount), (LedgerEntry.Account.FUNDING, -amount)):
            LedgerEntry.objects.create(
                tenant_id=tenant_id,
                transaction=entry,
                account=account,
                livemode=livemode,
                amount=signed,
                currency=wallet.currency,
            )
        Wallet.objects.filter(tenant_id=tenant_id, livemode=livemode).update(balance=F("balance") + amount)
    return entry


def usage_partitions_make(*, months: int = 3) -> int:
    """Makes the usage partitions of the coming months; daily, by the scheduler."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT usage_partitions_make(current_date, %s)", [months])
        row = cursor.fetchone()
    return int(row[0]) if row else 0
