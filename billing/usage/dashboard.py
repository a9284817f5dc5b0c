"""What operators see of all tenants together: from sums that the scheduler keeps (decision 0011)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
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


@dataclass(frozen=True)
class ModelUse:
    """A model's jobs and pictures over some days, and how many tenants had any of them in the months of those days."""

    model: str
    requests: int
    images: int
    tenants: int


_SUMS = """sum({0}.requests)::bigint AS requests, sum({0}.images)::bigint AS images,
    sum({0}.flagged)::bigint AS flagged, sum({0}.amount) AS amount, sum({0}.cost) AS cost"""
_TOTALS = f"""
    SELECT d.billing_date, d.model, d.currency, {_SUMS.format("d")} FROM billing_platformtotal d
    WHERE d.livemode = %(livemode)s AND d.billing_date >= %(month)s
        AND d.billing_date < (%(month)s::date + interval '1 month')::date
    GROUP BY GROUPING SETS ((d.currency), (d.model, d.currency), (d.billing_date, d.currency))"""  # noqa: S608
_TENANTS = f"""
    SELECT m.tenant_id, t.slug, w.currency, {_SUMS.format("m")} FROM billing_platformmonth m
    JOIN accounts_tenant t ON t.id = m.tenant_id
    JOIN billing_wallet w ON w.tenant_id = m.tenant_id AND w.livemode = m.livemode
    WHERE m.livemode = %(livemode)s AND m.month = %(month)s
    GROUP BY 1, 2, 3 ORDER BY amount DESC, cost DESC, 1 LIMIT %(tenants)s"""  # noqa: S608

_MODELS = """
    SELECT d.model, sum(d.requests)::bigint, sum(d.images)::bigint, coalesce(max(m.tenants), 0)
    FROM billing_platformtotal d
    LEFT JOIN (SELECT model, count(DISTINCT tenant_id) AS tenants FROM billing_platformmonth
               WHERE livemode = %(livemode)s AND month >= date_trunc('month', %(since)s::date)::date
                   AND month <= %(until)s
               GROUP BY 1) m ON m.model = d.model
    WHERE d.livemode = %(livemode)s AND d.billing_date >= %(since)s AND d.billing_date <= %(until)s
    GROUP BY 1 ORDER BY 3 DESC, 2 DESC, 1"""


def platform_models(*, since: date, until: date, livemode: bool = True) -> list[ModelUse]:
    """Returns the models of the days from `since` to `until`, the most pictures first; runs as the operator."""
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(_MODELS, {"livemode": livemode, "since": since, "until": until})
        return [ModelUse(*row) for row in cursor.fetchall()]


def platform_dashboard(*, day: date, livemode: bool = True, tenants: int = 20) -> PlatformDashboard:
    """Returns the sums of a day and its month; runs as the operator.

    Days are each tenant's billing dates; numbers may lag by a minute. `tenants` bounds the list of tenants.
    """
    values: dict[str, Any] = {"livemode": livemode, "month": day.replace(day=1), "tenants": tenants}
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(_TOTALS, values)
        totals = [(date, model, PlatformSums(*sums)) for date, model, *sums in cursor.fetchall()]
        cursor.execute(_TENANTS, values)
        by_tenant = [(tenant, slug, PlatformSums(*sums)) for tenant, slug, *sums in cursor.fetchall()]
    by_model = [(model, sums) for date, model, sums in totals if model is not None]
    by_day = [(date, sums) for date, model, sums in totals if date is not None]
    return PlatformDashboard(
        day=[sums for date, sums in by_day if date == day],
        month=[sums for date, model, sums in totals if date is None and model is None],
        by_tenant=by_tenant,
        by_model=sorted(by_model, key=lambda row: row[1].amount, reverse=True),
        by_day=sorted(by_day, key=lambda row: (row[0], row[1].currency)),
    )
