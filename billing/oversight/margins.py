"""Revenue against cost of a month, by tenant and by plan, from the sums that the scheduler keeps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connections

from billing.months import month_first
from billing.usage.dashboard import PlatformSums
from cavendish.db.router import current_alias


@dataclass(frozen=True)
class TenantMargin:
    """A tenant's month. The plan is the one that it was on at the month's end, or is on now."""

    tenant_id: UUID
    slug: str
    name: str
    plan_id: UUID | None
    plan: str
    sums: PlatformSums


@dataclass(frozen=True)
class PlanMargin:
    """A plan's month in one currency, over its tenants that used something."""

    plan_id: UUID | None
    plan: str
    tenants: int
    sums: PlatformSums


@dataclass(frozen=True)
class MarginTable:
    """Each list begins with what brings least: margins first, then what has none, by revenue. One total a currency."""

    month: date
    tenants: list[TenantMargin]
    plans: list[PlanMargin]
    totals: list[PlatformSums]


_ROWS = """
    SELECT t.id, t.slug, t.name, p.id, coalesce(p.name, ''), w.currency, sum(m.requests)::bigint, sum(m.images)::bigint,
           sum(m.flagged)::bigint, sum(m.amount), sum(m.cost)
    FROM billing_platformmonth m
    JOIN accounts_tenant t ON t.id = m.tenant_id
    JOIN billing_wallet w ON w.tenant_id = m.tenant_id AND w.livemode = m.livemode
    LEFT JOIN LATERAL (
        SELECT s.plan_id FROM billing_subscription s
        WHERE s.tenant_id = m.tenant_id AND s.starts_at
            < least((%(month)s::date + interval '1 month') AT TIME ZONE t.billing_timezone, now())
        ORDER BY s.starts_at DESC LIMIT 1) s ON true
    LEFT JOIN billing_plan p ON p.id = s.plan_id
    WHERE m.livemode AND m.month = %(month)s
    GROUP BY 1, 2, 3, 4, 5, 6"""


def margin_table(*, month: date) -> MarginTable:
    """Returns a month of live mode; `month` is any of its days. The sums may lag by a minute. As the operator."""
    first = month_first(month)
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(_ROWS, {"month": first})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    tenants = [
        TenantMargin(tenant_id, slug, name, plan_id, plan, PlatformSums(*sums))
        for tenant_id, slug, name, plan_id, plan, *sums in rows
    ]
    by_plan: dict[tuple[UUID | None, str], list[TenantMargin]] = {}
    for row in tenants:
        by_plan.setdefault((row.plan_id, row.sums.currency), []).append(row)
    plans = [
        PlanMargin(plan_id, group[0].plan, len(group), _sum(row.sums for row in group))
        for (plan_id, _), group in by_plan.items()
    ]
    currencies = sorted({row.sums.currency for row in tenants})
    return MarginTable(
        month=first,
        tenants=sorted(tenants, key=lambda row: (*_order(row.sums), row.slug)),
        plans=sorted(plans, key=lambda row: (*_order(row.sums), row.plan)),
        totals=[_sum(row.sums for row in tenants if row.sums.currency == name) for name in currencies],
    )


def _order(sums: PlatformSums) -> tuple[bool, Decimal]:
    return sums.margin is None, -sums.amount if sums.margin is None else sums.margin


def _sum(parts: Iterable[PlatformSums]) -> PlatformSums:
    first, *others = parts
    whole = first
    for part in others:
        whole = PlatformSums(
            whole.currency,
            whole.requests + part.requests,
            whole.images + part.images,
            whole.flagged + part.flagged,
            whole.amount + part.amount,
            whole.cost + part.cost,
        )
    return whole
