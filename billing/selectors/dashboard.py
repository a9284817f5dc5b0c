"""What operators see of all tenants together: from the platform's days, which the scheduler keeps (decision 0011)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import connections

from cavendish.db.router import current_alias

UPSTREAM_CURRENCY = "USD"
"""What the upstream charges in; the price book's rows without a plan."""


@dataclass(frozen=True)
class PlatformSums:
    """`margin` is None where price and cost are in different currencies: nothing is exchanged."""

    currency: str
    requests: int
    images: int
    flagged: int
    amount: Decimal
    cost: Decimal

    @property
    def margin(self) -> Decimal | None:
        return self.amount - self.cost if self.currency == UPSTREAM_CURRENCY else None


@dataclass(frozen=True)
class PlatformDashboard:
    """Sums of a day and of its month so far, one for each currency; the month by tenant and by model, dearest first."""

    day: list[PlatformSums]
    month: list[PlatformSums]
    by_tenant: list[tuple[UUID, str, PlatformSums]]
    by_model: list[tuple[str, PlatformSums]]
    by_day: list[tuple[date, PlatformSums]]


_SUMS = """sum(d.requests)::bigint AS requests, sum(d.images)::bigint AS images, sum(d.flagged)::bigint AS flagged,
    sum(d.amount) AS amount, sum(d.cost) AS cost"""


def platform_dashboard(*, day: date, livemode: bool = True, tenants: int = 20) -> PlatformDashboard:
    """As the operator. Days are each tenant's billing dates; numbers may lag by a minute. `tenants` bounds the list."""
    sql = f"""
        WITH d AS MATERIALIZED (
            SELECT p.*, w.currency FROM billing_platformday p
            JOIN billing_wallet w ON w.tenant_id = p.tenant_id AND w.livemode = p.livemode
            WHERE p.livemode = %(livemode)s AND p.billing_date >= date_trunc('month', %(day)s::date)::date
                AND p.billing_date < (date_trunc('month', %(day)s::date) + interval '1 month')::date
        ), top AS (
            SELECT d.tenant_id, t.slug, d.currency, {_SUMS}
            FROM d JOIN accounts_tenant t ON t.id = d.tenant_id GROUP BY 1, 2, 3
            ORDER BY sum(d.amount) DESC, sum(d.cost) DESC, d.tenant_id LIMIT %(tenants)s
        )
        SELECT 'day', NULL, NULL, d.currency, {_SUMS} FROM d WHERE d.billing_date = %(day)s GROUP BY 4
        UNION ALL SELECT 'month', NULL, NULL, d.currency, {_SUMS} FROM d GROUP BY 4
        UNION ALL SELECT 'tenant', tenant_id::text, slug, currency, requests, images, flagged, amount, cost FROM top
        UNION ALL SELECT 'model', d.model, NULL, d.currency, {_SUMS} FROM d GROUP BY 2, 4
        UNION ALL SELECT 'by_day', d.billing_date::text, NULL, d.currency, {_SUMS} FROM d GROUP BY 2, 4"""  # noqa: S608
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(sql, {"day": day, "livemode": livemode, "tenants": tenants})
        found = cursor.fetchall()

    def part(name: str) -> Sequence[tuple[str, str, PlatformSums]]:
        rows = [(row[1], row[2], PlatformSums(*row[3:])) for row in found if row[0] == name]
        return sorted(rows, key=lambda row: row[2].amount, reverse=True)

    return PlatformDashboard(
        day=[sums for _, _, sums in part("day")],
        month=[sums for _, _, sums in part("month")],
        by_tenant=[(UUID(tenant), slug, sums) for tenant, slug, sums in part("tenant")],
        by_model=[(model, sums) for model, _, sums in part("model")],
        by_day=sorted(((date.fromisoformat(text), sums) for text, _, sums in part("by_day")), key=lambda row: row[0]),
    )
