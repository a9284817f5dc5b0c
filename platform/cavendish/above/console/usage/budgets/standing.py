"""How budgets stand: used, held and expected as bars, and which will be full next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Tenant
from billing.budgets.selectors import budget_find
from billing.forecasts.selectors import BudgetForecast, budget_forecasts, today_of
from billing.models import Budget
from billing.money import ZERO
from cavendish.above.ui.budgets.lines import BudgetLine, budget_lines, lines_of, quantity
from cavendish.above.ui.formats import day, money
from cavendish.above.ui.labels import label
from cavendish.above.ui.marks import facts

EVERY: dict[str, str | Promise] = {
    Budget.Period.DAY: gettext_lazy("daily"),
    Budget.Period.WEEK: gettext_lazy("weekly"),
    Budget.Period.MONTH: gettext_lazy("monthly"),
    Budget.Period.TOTAL: gettext_lazy("in total"),
}
SOON = timedelta(days=14)
"""How far ahead a budget without an end is told of."""


@dataclass(frozen=True)
class BudgetShown:
    """A budget with its use and its forecast; days are those of the tenant's billing time zone."""

    line: BudgetLine
    forecast: BudgetForecast
    today: date
    zone: ZoneInfo

    @property
    def budget(self) -> Budget:
        return self.line.budget

    @property
    def public_id(self) -> str:
        return self.line.public_id

    @property
    def name(self) -> str:
        if self.budget.scope == Budget.Scope.TENANT:
            return _("All jobs")
        return self.line.label or _("Gone")

    @property
    def of(self) -> str:
        """Returns what it limits and for how long: "API key, monthly"."""
        every = str(EVERY[self.budget.period])
        if self.budget.scope == Budget.Scope.TENANT:
            return every
        return facts(label(Budget.Scope(self.budget.scope).label), every)

    @property
    def is_money(self) -> bool:
        return bool(self.budget.metric == Budget.Metric.MONEY)

    @property
    def used(self) -> str:
        return money(self.line.use.used) if self.is_money else quantity(self.line.use.used, self.budget.metric)

    @property
    def limit(self) -> str:
        return quantity(self.line.limit, self.budget.metric)

    @property
    def left(self) -> str:
        return quantity(self.line.left, self.budget.metric)

    @property
    def held(self) -> str:
        return quantity(self.line.use.held, self.budget.metric)

    @property
    def expected(self) -> str:
        """Returns what its period will have used; empty where nobody knows."""
        expected = self.forecast.expected
        return quantity(expected, self.budget.metric) if expected is not None else ""

    @property
    def ends_on(self) -> date | None:
        """Returns the day on which it begins anew."""
        resets_at = self.line.use.resets_at
        return resets_at.astimezone(self.zone).date() if resets_at else None

    @property
    def is_short(self) -> bool:
        """Returns whether it is full before it begins anew."""
        return self.forecast.full_on is not None

    @property
    def full_text(self) -> str:
        """Returns when it is full: "Full", "Full today", "Full on 30 Nov"; empty where it lasts."""
        full_on = self.forecast.full_on
        if self.forecast.is_full:
            return _("Full")
        if full_on is None:
            return ""
        if full_on == self.today:
            return _("Full today")
        return _("Full on %s") % day(full_on)

    @property
    def meter(self) -> list[tuple[str, Decimal]]:
        """Returns the parts of its bar: used, held, expected beyond both."""
        use, limit = self.line.use, self.line.limit
        if not limit:
            return [("bad", Decimal(1))]
        tone = "bad" if self.is_short and self.budget.hard else "1"
        ahead = max((self.forecast.expected or ZERO) - use.used - use.held, ZERO)
        return [(tone, use.used / limit), ("off", use.held / limit), (f"{tone} now", ahead / limit)]


@dataclass(frozen=True)
class Warned:
    """What goes wrong next: a budget that is full, or will be before it begins anew."""

    shown: BudgetShown

    @property
    def headline(self) -> str:
        shown, full_on = self.shown, self.shown.forecast.full_on
        name = shown.name if shown.line.label else _("The budget of all jobs")
        if shown.forecast.is_full:
            return _("%s is full.") % name
        assert full_on is not None
        if full_on == shown.today:
            return _("%s will be full today.") % name
        if full_on == shown.today + timedelta(days=1):
            return _("%s will be full tomorrow.") % name
        return _("%(name)s will be full on %(day)s.") % {"name": name, "day": day(full_on)}

    @property
    def text(self) -> str:
        shown = self.shown
        facts = {"left": shown.left, "limit": shown.limit, "day": day(shown.ends_on) if shown.ends_on else ""}
        if not shown.budget.hard:
            return _("%(left)s of its %(limit)s is left. It only warns: nothing is refused.") % facts
        if shown.forecast.is_full:
            return (_("Its jobs are refused until %(day)s.") if facts["day"] else _("Its jobs are refused.")) % facts
        if facts["day"]:
            return _("%(left)s of its %(limit)s is left; after that its jobs are refused until %(day)s.") % facts
        return _("%(left)s of its %(limit)s is left; after that its jobs are refused.") % facts


def budgets_shown(tenant: Tenant, *, livemode: bool) -> list[BudgetShown]:
    """Returns the budgets of a mode, those that are full first, then by their share. In the tenant's context."""
    lines = budget_lines(tenant_id=tenant.id, livemode=livemode)
    return sorted(_shown(tenant, lines), key=lambda row: (row.forecast.full_on or date.max, -row.line.share))


def budget_shown(tenant: Tenant, budget_id: UUID) -> BudgetShown | None:
    """Returns one budget of either mode; None where there is none. In the tenant's context."""
    budget = budget_find(budget_id, tenant_id=tenant.id)
    found = _shown(tenant, lines_of([budget], tenant_id=tenant.id)) if budget else []
    return found[0] if found else None


def _shown(tenant: Tenant, lines: Sequence[BudgetLine]) -> list[BudgetShown]:
    budgets = [line.budget for line in lines]
    forecasts = budget_forecasts(tenant, budgets, {line.budget.id: line.use for line in lines})
    today, zone = today_of(tenant), ZoneInfo(tenant.billing_timezone)
    return [BudgetShown(line, forecasts[line.budget.id], today, zone) for line in lines]


def warned(budgets: Sequence[BudgetShown]) -> Warned | None:
    """Returns the budget that will be full next, one that refuses before one that only warns."""
    short = [
        row
        for row in budgets
        if row.forecast.full_on is not None and (row.ends_on is not None or row.forecast.full_on <= row.today + SOON)
    ]
    short.sort(key=lambda row: (not row.budget.hard, not row.forecast.is_full, row.forecast.full_on))
    return Warned(short[0]) if short else None


def month_budget(budgets: Sequence[BudgetShown]) -> BudgetShown | None:
    """Returns the whole tenant's budget of money and month, the tightest where there are several."""
    whole = [row for row in budgets if row.budget.scope == Budget.Scope.TENANT]
    months = [row for row in whole if row.budget.period == Budget.Period.MONTH and row.is_money]
    return min(months, key=lambda row: row.line.limit, default=None)
