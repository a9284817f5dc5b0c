"""What follows from the jobs' rows: roll-ups, months, wallets, refunds, decisions about flagged charges."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from uuid import UUID

from django.db import connections

from accounts.actor import Actor
from billing.charges.services import charge_refund, flagged_charge_resolve
from billing.models import Credit, FlagResolution, UsageTag, UsageTagRollup, UsageTagValue
from cavendish.above.demo.history import History, actor_of
from cavendish.above.demo.jobs import Job
from cavendish.above.demo.life import FLAGGED_OPEN
from cavendish.above.demo.people import TenantRows
from cavendish.above.demo.rows import Purse, RowWriter, TagSums
from cavendish.above.seeding.rows import uuid7

STEPS = (10, 20, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000)
REFUNDED = ("acme", "globex", "northwind")


def purses_open(tenants: Sequence[TenantRows], jobs: Iterable[Job]) -> dict[UUID, Purse]:
    """Returns each tenant's purse; a prepaid one is filled about six times in the whole time."""
    spent = _spent(jobs)
    purses = {}
    for tenant in tenants:
        prepaid = not (tenant.profile.is_invoiced or tenant.profile.is_trial)
        step = next((step for step in STEPS if step >= spent.get(tenant.id, Decimal(0)) / 6), STEPS[-1])
        purses[tenant.id] = Purse(tenant, Decimal(step) if prepaid else Decimal(0))
    return purses


def credits_give(
    writer: RowWriter, jobs: Sequence[Job], *, now: datetime, days: int, history: History, rng: random.Random
) -> list[Credit]:
    """Gives the trial's credit, which covers all that it did, and one for a mishap."""
    spent = _spent(jobs)
    credits = []
    for purse in writer.purses.values():
        profile = purse.tenant.profile
        if not profile.credit:
            continue
        amount = Decimal(profile.credit)
        if profile.is_trial:
            needed = spent.get(purse.tenant.id, Decimal(0)) * Decimal("1.15")
            amount = max(amount, (needed / 5).quantize(Decimal(1), rounding=ROUND_CEILING) * 5)
        at = purse.tenant.row.created_at if profile.is_trial else now - timedelta(days=min(45, days / 2))
        reason = "Trial" if profile.is_trial else "Sorry for the outage"
        credit = Credit(
            id=uuid7(at, rng),
            tenant=purse.tenant.row,
            livemode=True,
            source="grant",
            currency="USD",
            amount=amount,
            remaining=amount,
            expires_at=now + timedelta(days=60),
            created_at=at,
        )
        movement = writer.credit(purse, credit, reason)
        history.add(at, purse.tenant.id, "credit.granted", "ledger_transaction", movement,
                    after={"amount": f"{amount:f}", "currency": "USD", "reason": reason})  # fmt: skip
        credits.append(credit)
    return credits


def _spent(jobs: Iterable[Job]) -> dict[UUID, Decimal]:
    spent: dict[UUID, Decimal] = {}
    for job in jobs:
        if job.settled is not None and job.settled.amount:
            spent[job.tenant.id] = spent.get(job.tenant.id, Decimal(0)) + job.settled.amount
    return spent


def wallets_fill(writer: RowWriter, *, history: History) -> None:
    """Sets balances to what the ledger says, and credit limits that bear what was owed at once."""
    with connections["owner"].cursor() as cursor:
        for purse in writer.purses.values():
            limit = Decimal(0)
            if purse.tenant.profile.is_invoiced:
                owed = -purse.lowest * Decimal("1.4") + 20
                limit = Decimal(next((step for step in STEPS if step >= owed), owed.quantize(Decimal(1))))
            cursor.execute(
                """UPDATE billing_wallet w SET credit_limit = %s, low_balance_threshold = %s,
                       balance = coalesce((SELECT sum(amount) FROM billing_ledgerentry e
                                           WHERE e.tenant_id = w.tenant_id AND e.livemode AND e.account = 'wallet'), 0)
                   WHERE w.tenant_id = %s AND w.livemode""",
                [limit, purse.top_up / 10 if purse.top_up else None, purse.tenant.id],
            )
    for tenant, at, amount, movement in writer.top_ups:
        history.add(at, tenant.id, "wallet.topped_up", "ledger_transaction", movement, actor=actor_of(tenant.owner),
                    after={"amount": f"{amount:f}", "currency": "USD", "reason": "Bank transfer"})  # fmt: skip


def periods_open(tenants: Sequence[TenantRows]) -> list[date]:
    """Creates the billing periods that were charged to; returns their months, oldest first."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            """INSERT INTO billing_billingperiod (id, tenant_id, month)
               SELECT gen_random_uuid(), tenant_id, month FROM (
                   SELECT DISTINCT tenant_id, date_trunc('month', billing_date)::date AS month FROM billing_charge
                   WHERE tenant_id = ANY (%s)) m
               ON CONFLICT (tenant_id, month) DO NOTHING""",
            [[tenant.id for tenant in tenants]],
        )
        cursor.execute("SELECT DISTINCT month FROM billing_billingperiod ORDER BY 1")
        return [month for (month,) in cursor.fetchall()]


def tags_save(sums: TagSums, tenants: Sequence[TenantRows]) -> None:
    """Writes the sums by metadata, as settlements would have."""
    UsageTag.objects.bulk_create(
        UsageTag(tenant=tenant.row, key=tenant.profile.tag, created_at=tenant.row.created_at)
        for tenant in tenants
        if tenant.profile.tag
    )
    values = {(tenant, billed.replace(day=1), live, key, value) for tenant, billed, live, key, value, *_ in sums}
    UsageTagValue.objects.bulk_create(
        UsageTagValue(tenant_id=tenant, month=month, livemode=live, key=key, value=value)
        for tenant, month, live, key, value in sorted(values)
    )
    UsageTagRollup.objects.bulk_create(
        (
            UsageTagRollup(
                tenant_id=tenant,
                billing_date=billed,
                livemode=live,
                key=key,
                value=value,
                model=model,
                image_size=size,
                kind=kind,
                records=int(summed[0]),
                quantity=int(summed[1]),
                images=int(summed[2]),
                amount=summed[3],
                cost=summed[4],
            )
            for (tenant, billed, live, key, value, model, size, kind), summed in sums.items()
        ),
        batch_size=2000,
    )


def sandbox_days_count(tenants: Sequence[TenantRows]) -> None:
    """Writes what the test keys did on each day."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            """INSERT INTO accounts_sandboxday (tenant_id, day, requests, bytes)
               SELECT tenant_id, (created_at AT TIME ZONE 'UTC')::date, count(*), 0 FROM generations_generation
               WHERE NOT livemode AND tenant_id = ANY (%s) GROUP BY 1, 2""",
            [[tenant.id for tenant in tenants]],
        )


def refunds_book(jobs: Sequence[Job], *, now: datetime, history: History, operator: Actor, rng: random.Random) -> None:
    """Refunds a charge of some tenants, a part of one of them."""
    by_slug: dict[str, list[Job]] = {}
    for job in jobs:
        paid = job.settled is not None and job.settled.amount > 0 and not job.work.flag
        if paid and now - timedelta(days=70) < job.finished_at < now - timedelta(days=3):
            by_slug.setdefault(job.tenant.profile.slug, []).append(job)
    for place, slug in enumerate(REFUNDED):
        for job in rng.sample(by_slug.get(slug, []), min(2, len(by_slug.get(slug, [])))):
            assert job.settled is not None
            with history.moved_to(job.finished_at + timedelta(hours=20)):
                charge_refund(
                    tenant_id=job.tenant.id,
                    generation_id=job.id,
                    amount=(job.settled.amount / 2).quantize(Decimal("0.0001")) if place == 1 else None,
                    reason="The picture had a seam",
                    actor=operator,
                )


def flags_decide(flagged: Sequence[Job], *, now: datetime, history: History, operator: Actor) -> int:
    """Decides about what was flagged longer ago. Returns how many are left without a decision."""
    left = 0
    for job in flagged:
        assert job.settled is not None
        if job.settled.flags == "[]":
            continue
        if job.finished_at > now - FLAGGED_OPEN:
            left += 1
            continue
        at = job.finished_at + timedelta(hours=18)
        with history.moved_to(at):
            flagged_charge_resolve(
                tenant_id=job.tenant.id,
                generation_id=job.id,
                note="Looked at; the upstream sent more than was asked for",
                adjustment=Decimal(0),
                actor=operator,
            )
        FlagResolution.objects.filter(charge_id=job.id).update(at=at)
    return left


def entries_in_order() -> None:
    """Numbers the ledger's entries in the order of their moments, as a ledger that grew has them.

    Lists of a wallet go by these numbers, and the seeding has written charges before what came between them.
    """
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            """UPDATE billing_ledgerentry e SET id = ordered.place
               FROM (SELECT id, (SELECT max(id) FROM billing_ledgerentry) + row_number() OVER (ORDER BY at, id) AS place
                     FROM billing_ledgerentry) ordered
               WHERE e.id = ordered.id"""
        )
        cursor.execute(
            """SELECT setval(pg_get_serial_sequence('billing_ledgerentry', 'id'),
                             (SELECT max(id) FROM billing_ledgerentry))"""
        )
