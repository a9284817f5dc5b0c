from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import connections, transaction
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.idempotency import note_created
from billing.errors import ValuesInvalid
from billing.ledger.services import (
    Account,
    Kind,
    Side,
    amount_valid,
    movement_add,
    movement_audit,
    unheld,
    wallet_lock,
)
from billing.models import Credit
from cavendish.db.each import each_done
from cavendish.db.router import acting_as, current_alias
from cavendish.http.problems import FieldError

AT_ONCE = 200


def credit_grant(
    *,
    tenant_id: UUID,
    amount: Decimal,
    expires_at: datetime | None,
    reason: str,
    actor: Actor,
    livemode: bool = True,
    month: date | None = None,
) -> Credit:
    """Gives money that is spent before paid money, the soonest to expire first; `month` marks a plan's credit.

    Raises ValuesInvalid.
    """
    amount = amount_valid(amount)
    if expires_at is not None and expires_at <= timezone.now():
        raise ValuesInvalid([FieldError("/expires_at", "in_the_past", "The credit would have expired already.")])
    with transaction.atomic(using=current_alias()):
        wallet = wallet_lock(tenant_id=tenant_id, livemode=livemode)
        credit: Credit = Credit.objects.create(
            tenant_id=tenant_id,
            livemode=livemode,
            source=Credit.Source.PLAN if month else Credit.Source.GRANT,
            currency=wallet.currency,
            amount=amount,
            remaining=0,
            month=month,
            expires_at=expires_at,
        )
        note_created(credit.id)
        movement = movement_add(
            wallet,
            kind=Kind.CREDIT,
            account=Account.PROMOTIONS,
            sides=[Side(amount, credit)],
            reason=reason,
            actor=actor,
        )
        credit.refresh_from_db()
        movement_audit(
            movement,
            actor=actor,
            action="credit.granted",
            amount=amount,
            currency=wallet.currency,
            reason=reason,
            expires_at=expires_at,
        )
    return credit


def credits_expire() -> int:
    """Takes back what is left of credits whose time is over; returns how many it changed. The scheduler calls it.

    What running jobs hold stays until they have ended: they were promised it.
    """
    with acting_as("operator"):
        due = list(
            Credit.objects.filter(remaining__gt=0, expires_at__lte=timezone.now())
            .order_by("expires_at")
            .values_list("tenant_id", "livemode", "id")[:AT_ONCE]
        )
        return each_done(due, lambda credit: _expire(*credit), name="credits_expire")


def _expire(tenant_id: UUID, livemode: bool, credit_id: UUID) -> bool:
    with transaction.atomic(using=current_alias()):
        wallet = wallet_lock(tenant_id=tenant_id, livemode=livemode)
        credit = Credit.objects.select_for_update().get(id=credit_id)
        amount = min(credit.remaining, unheld(wallet))
        if amount <= 0:
            return False
        movement = movement_add(
            wallet,
            kind=Kind.EXPIRY,
            account=Account.PROMOTIONS,
            sides=[Side(-amount, credit)],
            reason="Credit expired",
            actor=SYSTEM,
        )
        movement_audit(
            movement,
            actor=SYSTEM,
            action="credit.expired",
            amount=amount,
            currency=wallet.currency,
            reason="Credit expired",
        )
    return True


# Tenants whose plan gives a credit each month and who have not got this month's.
DUE = """
    SELECT t.id, v.included_credit, p.name, (b.starts_at AT TIME ZONE t.billing_timezone)::date, b.resets_at
    FROM accounts_tenant t
    JOIN LATERAL (SELECT plan_id FROM billing_subscription
                  WHERE tenant_id = t.id AND starts_at <= clock_timestamp() ORDER BY starts_at DESC LIMIT 1) s ON true
    JOIN LATERAL (SELECT included_credit FROM billing_planversion
                  WHERE plan_id = s.plan_id AND effective_from <= clock_timestamp()
                  ORDER BY effective_from DESC LIMIT 1) v ON true
    JOIN billing_plan p ON p.id = s.plan_id
    CROSS JOIN LATERAL budget_period_bounds('month', t.created_at, t.billing_timezone, clock_timestamp()) b
    WHERE v.included_credit > 0 AND t.status = 'active' AND (%(tenant)s::uuid IS NULL OR t.id = %(tenant)s)
        AND NOT EXISTS (SELECT 1 FROM billing_credit c WHERE c.tenant_id = t.id AND c.source = 'plan'
                            AND c.month = (b.starts_at AT TIME ZONE t.billing_timezone)::date)
    LIMIT %(limit)s
"""


def credits_of_plans() -> int:
    """Gives the credits that plans include, to each tenant once in each of its months. The scheduler calls it."""
    with acting_as("operator"):
        return credit_of_plan(tenant_id=None)


def credit_of_plan(*, tenant_id: UUID | None) -> int:
    """Gives a tenant its plan's credit of this month, or all tenants theirs for None; returns how many it gave.

    Runs as the operator.
    """
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(DUE, {"tenant": tenant_id, "limit": AT_ONCE})
        due = cursor.fetchall()
    return each_done(due, lambda row: _grant_once(*row), name="credits_of_plans")


def _grant_once(tenant_id: UUID, amount: Decimal, plan: str, month: date, ends_at: datetime) -> int:
    """Grants a plan's credit of a month unless another scheduler has, for which the wallet's lock waits."""
    with transaction.atomic(using=current_alias()):
        wallet_lock(tenant_id=tenant_id, livemode=True)
        of_month = Credit.objects.filter(tenant_id=tenant_id, source=Credit.Source.PLAN, month=month)
        if not of_month.exists():
            credit_grant(
                tenant_id=tenant_id,
                amount=amount,
                expires_at=ends_at,
                reason=f"Included in {plan}",
                actor=SYSTEM,
                month=month,
            )
    return 1
