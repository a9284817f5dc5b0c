"""Budgets with what their periods used, so set that one is nearly used up and one refuses the next job."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from uuid import UUID

from django.db import connections

from billing.models import Budget, BudgetAlert, BudgetPeriod
from cavendish.above.demo.history import History, actor_of
from cavendish.above.demo.people import TenantRows
from cavendish.above.seeding.rows import uuid7
from cavendish.db.call import call_row


@dataclass(frozen=True)
class BudgetProfile:
    """A budget whose limit makes its use so many percent; `key` is the place of its key, None for the whole tenant."""

    slug: str
    percent: int
    hard: bool = True
    period: str = "month"
    metric: str = "money"
    key: int | None = None
    alerts: tuple[int, ...] = ()
    by_operator: bool = False


BUDGETS = (
    BudgetProfile("acme", 93, alerts=(80, 90, 100)),
    BudgetProfile("acme", 80, key=0),
    BudgetProfile("acme", 74, hard=False, key=1, alerts=(80,)),
    BudgetProfile("yunshang", 88, alerts=(80,)),
    BudgetProfile("fable", 72, alerts=(90,)),
    BudgetProfile("globex", 61, hard=False, alerts=(75, 100)),
    BudgetProfile("northwind", 44),
    BudgetProfile("brightside", 31),
    BudgetProfile("lumen", 55, period="week", metric="images", key=0),
    BudgetProfile("kite", 100, metric="requests", by_operator=True),
    BudgetProfile("bluebird", 10, by_operator=True),
)


def budgets_create(tenants: list[TenantRows], *, now: datetime, history: History, rng: random.Random) -> None:
    by_slug = {tenant.profile.slug: tenant for tenant in tenants}
    for profile in BUDGETS:
        tenant = by_slug.get(profile.slug)
        if tenant is not None:
            _create(profile, tenant, now=now, history=history, rng=rng)


def _create(profile: BudgetProfile, tenant: TenantRows, *, now: datetime, history: History, rng: random.Random) -> None:
    born = max(tenant.row.created_at + timedelta(hours=2), now - timedelta(days=100))
    scope_id = tenant.id if profile.key is None else tenant.keys[profile.key].id
    budget = Budget(
        id=uuid7(born, rng),
        tenant=tenant.row,
        scope="tenant" if profile.key is None else "key",
        scope_id=scope_id,
        period=profile.period,
        metric=profile.metric,
        limit=Decimal(10) ** 9,
        hard=profile.hard,
        alerts=list(profile.alerts),
        set_by_operator=profile.by_operator,
        created_at=born,
    )
    budget.save(force_insert=True)
    bounds = call_row("budget_period_bounds", profile.period, born, tenant.profile.zone, now)
    assert bounds is not None
    used = _used(budget.id, bounds["starts_at"], bounds["resets_at"])
    limit = _limit(used, profile)
    Budget.objects.filter(id=budget.id).update(limit=limit)
    told = [percent for percent in profile.alerts if used * 100 >= limit * percent]
    period = BudgetPeriod.objects.create(
        tenant=tenant.row,
        budget=budget,
        starts_at=bounds["starts_at"],
        resets_at=bounds["resets_at"],
        cap=limit,
        hard=profile.hard,
        used=used,
        alerted=told,
    )
    BudgetAlert.objects.bulk_create(
        BudgetAlert(
            tenant=tenant.row,
            budget=budget,
            budget_period=period,
            percent=percent,
            limit=limit,
            used=limit * percent / 100,
            at=now - timedelta(hours=4 * (len(told) - place)),
            mailed_at=now - timedelta(hours=4 * (len(told) - place) - 0.01),
        )
        for place, percent in enumerate(told)
    )
    after = {"scope": budget.scope, "period": profile.period, "metric": profile.metric, "limit": str(limit)}
    actor = actor_of(tenant.owner)
    history.add(born, tenant.id, "budget.created", "budget", budget.id, actor=actor, after=after)


def _used(budget_id: UUID, starts_at: datetime, resets_at: datetime | None) -> Decimal:
    """Returns what the holds say, as `reconcile` asks them."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT u.used FROM billing_budget b, LATERAL budget_use(b, %s, %s) u WHERE b.id = %s",
            [starts_at, resets_at, budget_id],
        )
        (used,) = cursor.fetchone()
    return Decimal(used)


def _limit(used: Decimal, profile: BudgetProfile) -> Decimal:
    """Returns the round limit of which the use is about so many percent; never below the use."""
    if not used:
        return Decimal(100)
    limit = used * 100 / profile.percent
    if profile.percent == 100:
        return limit
    step = (
        Decimal(10) if limit > 400 else Decimal(1) if limit > 40 else Decimal("0.1") if limit > 4 else Decimal("0.01")
    )
    if profile.metric != "money":
        step = Decimal(1)
    return (limit / step).quantize(Decimal(1), rounding=ROUND_CEILING) * step
