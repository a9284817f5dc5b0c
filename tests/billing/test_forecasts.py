"""What a month and a budget's period will come to: by the rule of `pace`, and over `/api/v1/usage/forecast`."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from accounts.actor import SYSTEM
from accounts.models import Tenant
from billing.budgets.selectors import BudgetUse
from billing.budgets.services import budget_create
from billing.forecasts.pace import pace_of
from billing.forecasts.selectors import BudgetForecast, budget_forecasts, month_forecast
from billing.models import Budget
from billing.months import month_after, month_first
from cavendish.db import ids
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from tests.billing.test_usage_api import used
from tests.factories import make_key, make_tenant

SUNDAY = date(2026, 11, 29)


def back(days: int) -> date:
    return SUNDAY - timedelta(days=days)


def test_a_day_brings_the_average_of_its_weekdays_of_four_weeks() -> None:
    history = {back(days): Decimal(back(days).weekday()) for days in range(1, 29)}
    history[back(7)] = Decimal(10)  # a Sunday: 10, 6, 6, 6
    pace = pace_of(history, today=SUNDAY)
    assert pace is not None
    assert [pace.of(SUNDAY + timedelta(days=ahead)) for ahead in range(8)] == [7, 0, 1, 2, 3, 4, 5, 7]
    assert pace.daily == (Decimal(21 * 4 + 4) / 28).quantize(Decimal("0.000000001"))


def test_days_before_the_first_use_and_today_do_not_count() -> None:
    pace = pace_of({back(3): Decimal(9), back(1): Decimal(3), SUNDAY: Decimal(1000)}, today=SUNDAY)
    assert pace is not None
    assert {pace.of(SUNDAY + timedelta(days=ahead)) for ahead in range(7)} == {Decimal(4)}
    assert pace.daily == 4


def test_who_has_used_nothing_yet_has_no_pace() -> None:
    assert pace_of({}, today=SUNDAY) is None
    assert pace_of({SUNDAY: Decimal(5), back(29): Decimal(5)}, today=SUNDAY) is None


def test_today_brings_what_it_has_brought_at_least() -> None:
    pace = pace_of({back(days): Decimal(2) for days in range(1, 29)}, today=SUNDAY)
    assert pace is not None
    until = SUNDAY + timedelta(days=3)
    assert [more for _day, more in pace.more(today=SUNDAY, used_today=Decimal("0.5"), until=until)] == [
        Decimal("1.5"), 2, 2,
    ]  # fmt: skip
    assert [more for _day, more in pace.more(today=SUNDAY, used_today=Decimal(9), until=until)] == [0, 2, 2]
    assert pace.more(today=SUNDAY, used_today=Decimal(0), until=SUNDAY) == []


NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
TODAY = NOW.date()


def steady(tenant: Tenant, amount: str, *, days: int, until: date = TODAY, **changes: Any) -> None:
    """The same use on each of some days before `until`."""
    for number in range(1, days + 1):
        used(tenant, f"{until - timedelta(days=number)}T10:00:00Z", 1120, amount, **changes)


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant(billing_timezone="UTC")


def test_a_month_is_what_was_used_and_what_its_days_bring(tenant: Tenant) -> None:
    steady(tenant, "2", days=28)
    used(tenant, "2026-11-26T01:00:00Z", 1120, "0.5")
    with tenant_context(tenant.id):
        forecast = month_forecast(tenant, livemode=True, now=NOW)
        pictures = month_forecast(tenant, livemode=True, measure="images", now=NOW)
        other_mode = month_forecast(tenant, livemode=False, now=NOW)
    assert (forecast.first, forecast.end, forecast.today) == (date(2026, 11, 1), date(2026, 12, 1), date(2026, 11, 26))
    assert forecast.used == Decimal("50.5")
    assert forecast.expected == 60
    assert [day.expected for day in forecast.days] == [2] * 30
    assert (pictures.used, pictures.expected) == (Decimal(26), Decimal(30))
    assert (other_mode.used, other_mode.expected) == (Decimal(0), None)


def forecast_of(tenant: Tenant, *, used_up: str, **fields: Any) -> BudgetForecast:
    """The forecast of a budget whose period, this month's, has used so much."""
    values = {"scope": "tenant", "scope_id": tenant.id, "period": "month", "metric": "money", **fields}
    budget = Budget(tenant=tenant, **values)
    resets_at = None if budget.period == "total" else datetime(2026, 12, 1, tzinfo=UTC)
    use = BudgetUse(datetime(2026, 11, 1, tzinfo=UTC), resets_at, Decimal(used_up), Decimal(0))
    with tenant_context(tenant.id):
        return budget_forecasts(tenant, [budget], {budget.id: use}, now=NOW)[budget.id]


def test_a_budget_is_full_on_the_day_that_reaches_its_limit(tenant: Tenant) -> None:
    steady(tenant, "2", days=28)
    forecast = forecast_of(tenant, limit=Decimal(55), used_up="50")
    assert (forecast.expected, forecast.full_on, forecast.is_full) == (Decimal(60), date(2026, 11, 28), False)
    assert forecast_of(tenant, limit=Decimal(100), used_up="50").full_on is None
    full = forecast_of(tenant, limit=Decimal(50), used_up="50")
    assert (full.full_on, full.is_full) == (date(2026, 11, 26), True)


def test_a_budget_of_a_key_counts_that_key_alone(tenant: Tenant) -> None:
    key = make_key(tenant)[0]
    steady(tenant, "2", days=28, api_key_id=key.id)
    steady(tenant, "50", days=28, api_key_id=UUID(int=7))
    forecast = forecast_of(tenant, scope="key", scope_id=key.id, limit=Decimal(100), used_up="50")
    assert (forecast.expected, forecast.full_on) == (Decimal(60), None)


def test_a_total_has_no_end_but_a_day_on_which_it_is_full(tenant: Tenant) -> None:
    steady(tenant, "1", days=28)
    forecast = forecast_of(tenant, period="total", metric="images", limit=Decimal(60), used_up="50")
    assert (forecast.expected, forecast.full_on) == (None, date(2026, 12, 5))


def test_a_raise_counts_until_it_ends(tenant: Tenant) -> None:
    steady(tenant, "2", days=28)
    raised = {"limit": Decimal(40), "raise_to": Decimal(500), "raise_until": datetime(2026, 11, 29, tzinfo=UTC)}
    forecast = forecast_of(tenant, used_up="50", **raised)
    assert (forecast.is_full, forecast.full_on) == (False, date(2026, 11, 29))


def asked(secret: str, query: str = "") -> Any:
    return Client().get(f"/api/v1/usage/forecast{query}", headers={"Authorization": f"Bearer {secret}"})


def test_the_api_says_what_the_month_comes_to(tenant: Tenant) -> None:
    secret = make_key(tenant)[1]
    today = datetime.now(UTC).date()
    steady(tenant, "2", days=31, until=today)
    with acting_as("operator"):
        budget = budget_create(
            tenant_id=tenant.id, actor=SYSTEM, scope="tenant", scope_id=tenant.id, period="month", metric="money",
            livemode=True, limit=Decimal("0.5"),
        )  # fmt: skip
    answer = asked(secret)
    assert answer.status_code == 200, answer.content
    body = answer.json()
    first, end = month_first(today), month_after(today)
    assert (body["from"], body["to"], body["today"]) == (str(first), str(end), str(today))
    assert body["amount"] == f"{2 * (today - first).days}.000000000"
    assert body["expected_amount"] == f"{2 * (end - first).days}.000000000"
    assert body["daily_amount"] == "2.000000000"
    assert len(body["days"]) == (end - first).days
    assert sum(Decimal(day["expected_amount"]) for day in body["days"]) == Decimal(body["expected_amount"])
    [of_budget] = body["budgets"]
    assert of_budget["id"] == ids.encode(ids.BUDGET, budget.id)
    assert of_budget["full_on"] == str(today)


def test_the_api_knows_nothing_of_who_used_nothing_and_no_parameters(tenant: Tenant) -> None:
    secret = make_key(tenant)[1]
    body = asked(secret).json()
    assert (body["amount"], body["expected_amount"], body["daily_amount"], body["budgets"]) == (
        "0.000000000", None, None, [],
    )  # fmt: skip
    assert asked(secret, "?month=2026-10").status_code == 422
    narrow = make_key(tenant, scopes=["read"])[1]
    assert asked(narrow).status_code == 403
