"""Forecasts of a tenant's month and of its budgets, from the roll-ups that reports of usage read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone

from accounts.models import Tenant
from billing.budgets.selectors import BudgetUse, limit_at
from billing.forecasts.pace import HISTORY_DAYS, Pace, pace_of
from billing.models import Budget
from billing.money import ZERO
from billing.months import month_after, month_first
from billing.usage.query import UsageQuery
from billing.usage.selectors import usage_read

MOST_ROWS = 100_000
FURTHEST = timedelta(days=366)
"""How far is looked ahead for the day on which a budget without an end is full."""
MEASURES = {Budget.Metric.MONEY: "amount", Budget.Metric.IMAGES: "images", Budget.Metric.TOKENS: "tokens",
            Budget.Metric.REQUESTS: "requests"}  # fmt: skip
"""What a budget counts, as usage names it."""
DIMENSIONS = {Budget.Scope.KEY: "key", Budget.Scope.MEMBER: "member"}


@dataclass(frozen=True)
class ForecastDay:
    """What a day has brought, and what it brings further; `more` is zero where it is over."""

    day: date
    used: Decimal
    more: Decimal

    @property
    def expected(self) -> Decimal:
        return self.used + self.more


@dataclass(frozen=True)
class MonthForecast:
    """The tenant's month that runs, day by day up to its end. Without a pace nothing more is expected."""

    first: date
    end: date
    today: date
    days: list[ForecastDay]
    pace: Pace | None

    @property
    def used(self) -> Decimal:
        return sum((day.used for day in self.days), ZERO)

    @property
    def expected(self) -> Decimal | None:
        """What the month comes to at this pace; None where there is none yet."""
        return sum((day.expected for day in self.days), ZERO) if self.pace else None


@dataclass(frozen=True)
class BudgetForecast:
    """What a budget's period will have used at its end, and the day on which nothing is left.

    `expected` is None for a budget without an end, and where there is no pace yet; `full_on` is None where it lasts.
    """

    expected: Decimal | None
    full_on: date | None
    is_full: bool


def today_of(tenant: Tenant, *, now: datetime | None = None) -> date:
    """Returns the date in the tenant's billing time zone."""
    return timezone.localdate(now, timezone=ZoneInfo(tenant.billing_timezone))


def month_forecast(
    tenant: Tenant, *, livemode: bool, measure: str = "amount", now: datetime | None = None
) -> MonthForecast:
    """Returns the forecast of the month that runs, of a measure of usage: amount, images, tokens, requests or
    search_queries. One query; in the tenant's context or as the operator.
    """
    today = today_of(tenant, now=now)
    start = min(month_first(today), today - timedelta(days=HISTORY_DAYS))
    end = month_after(today)
    query = UsageQuery(start=start, end=end, livemode=livemode, group_by=("day",), tenant_id=tenant.id)
    used: dict[date, Decimal] = {}
    for row in usage_read(query, limit=MOST_ROWS).rows:
        day = row.group["day"]
        assert isinstance(day, date)
        used[day] = Decimal(getattr(row.sums, measure))
    return forecast_of_days(used, today=today)


def forecast_of_days(used: Mapping[date, Decimal], *, today: date) -> MonthForecast:
    """Returns the forecast of the month of `today` from what its days and the 28 before today have used."""
    first, end = month_first(today), month_after(today)
    pace = pace_of(used, today=today)
    more = dict(pace.more(today=today, used_today=used.get(today, ZERO), until=end)) if pace else {}
    days = [first + timedelta(days=number) for number in range((end - first).days)]
    return MonthForecast(
        first, end, today, [ForecastDay(day, used.get(day, ZERO), more.get(day, ZERO)) for day in days], pace
    )


def budget_forecasts(
    tenant: Tenant, budgets: Sequence[Budget], uses: Mapping[UUID, BudgetUse], *, now: datetime | None = None
) -> dict[UUID, BudgetForecast]:
    """Returns the forecast of each budget that has a use, all of one mode; one query for all of them.

    What running jobs hold counts as used only for whether a budget is full now: it is a worst case.
    """
    shown = [budget for budget in budgets if budget.id in uses]
    if not shown:
        return {}
    moment = now or timezone.now()
    today = today_of(tenant, now=moment)
    history = _history(tenant, shown, today=today)
    zone = ZoneInfo(tenant.billing_timezone)
    return {
        budget.id: _of_budget(budget, uses[budget.id], history[budget.id], today=today, zone=zone, now=moment)
        for budget in shown
    }


def _history(tenant: Tenant, budgets: Sequence[Budget], *, today: date) -> dict[UUID, dict[date, Decimal]]:
    """Returns what each budget's tenant, key or member used by day, today and the 28 days before it."""
    scopes = [name for scope, name in DIMENSIONS.items() if any(budget.scope == scope for budget in budgets)]
    query = UsageQuery(
        start=today - timedelta(days=HISTORY_DAYS),
        end=today + timedelta(days=1),
        livemode=budgets[0].livemode,
        group_by=("day", *scopes),
        tenant_id=tenant.id,
    )
    found: dict[UUID, dict[date, Decimal]] = {budget.id: {} for budget in budgets}
    for row in usage_read(query, limit=MOST_ROWS).rows:
        day = row.group["day"]
        assert isinstance(day, date)
        for budget in budgets:
            of = DIMENSIONS.get(Budget.Scope(budget.scope))
            if of is None or row.group[of] == budget.scope_id:
                days = found[budget.id]
                measured = Decimal(getattr(row.sums, MEASURES[Budget.Metric(budget.metric)]))
                days[day] = days.get(day, ZERO) + measured
    return found


def _of_budget(
    budget: Budget, use: BudgetUse, used: Mapping[date, Decimal], *, today: date, zone: ZoneInfo, now: datetime
) -> BudgetForecast:
    is_full = use.used + use.held >= limit_at(budget, now)
    pace = pace_of(used, today=today)
    ends = use.resets_at.astimezone(zone).date() if use.resets_at else None
    if pace is None:
        return BudgetForecast(None, today if is_full else None, is_full)
    coming, full_on = use.used, today if is_full else None
    for day, more in pace.more(today=today, used_today=used.get(today, ZERO), until=ends or today + FURTHEST):
        coming += more
        begins = max(now, datetime.combine(day, datetime.min.time(), zone))
        if full_on is None and coming >= limit_at(budget, begins):
            full_on = day
    return BudgetForecast(coming if ends else None, full_on, is_full)
