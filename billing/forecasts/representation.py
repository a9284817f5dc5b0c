"""Forecasts as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from accounts.models import Tenant
from billing.forecasts.selectors import BudgetForecast, MonthForecast
from billing.models import Budget
from billing.money import amount_text
from billing.quantities import quantity_json
from cavendish.db import ids


def forecast_json(
    tenant: Tenant,
    forecast: MonthForecast,
    *,
    livemode: bool,
    currency: str,
    budgets: Sequence[Budget],
    of_budgets: Mapping[UUID, BudgetForecast],
) -> dict[str, Any]:
    """Returns a month's forecast of amounts, and those of the tenant's budgets."""
    expected, pace = forecast.expected, forecast.pace
    return {
        "object": "usage_forecast",
        "month": f"{forecast.first:%Y-%m}",
        "from": forecast.first.isoformat(),
        "to": forecast.end.isoformat(),
        "today": forecast.today.isoformat(),
        "timezone": tenant.billing_timezone,
        "livemode": livemode,
        "currency": currency,
        "amount": amount_text(forecast.used),
        "expected_amount": amount_text(expected) if expected is not None else None,
        "daily_amount": amount_text(pace.daily) if pace else None,
        "days": [
            {"day": day.day.isoformat(), "amount": amount_text(day.used), "expected_amount": amount_text(day.expected)}
            for day in forecast.days
        ],
        "budgets": [_budget_json(budget, of_budgets[budget.id]) for budget in budgets if budget.id in of_budgets],
    }


def _budget_json(budget: Budget, forecast: BudgetForecast) -> dict[str, Any]:
    expected = forecast.expected
    return {
        "id": ids.encode(ids.BUDGET, budget.id),
        "expected": quantity_json(budget.metric, expected) if expected is not None else None,
        "full_on": forecast.full_on.isoformat() if forecast.full_on else None,
        "is_full": forecast.is_full,
    }
