"""Budgets as the API shows them; `BudgetExceeded` writes the one that refused a job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone

from billing.budgets.selectors import BudgetUse, budget_uses, limit_at
from billing.models import Budget, Wallet
from billing.money import ZERO
from billing.quantities import quantity_json, scope_text
from cavendish.db import ids
from cavendish.http.times import moment


def budgets_json(budgets: Sequence[Budget], *, tenant_id: UUID) -> list[dict[str, Any]]:
    """Returns budgets in their order; runs in the tenant's context, with two queries however many there are."""
    if not budgets:
        return []
    uses = budget_uses(budgets)
    currencies = dict(Wallet.objects.filter(tenant_id=tenant_id).values_list("livemode", "currency"))
    return [_budget_json(budget, uses[budget.id], currencies) for budget in budgets]


def budget_json(budget: Budget) -> dict[str, Any]:
    return budgets_json([budget], tenant_id=budget.tenant_id)[0]


def _budget_json(budget: Budget, use: BudgetUse, currencies: Mapping[bool, str]) -> dict[str, Any]:
    allowed = limit_at(budget, timezone.now())
    raised = allowed != budget.limit
    return {
        "id": ids.encode(ids.BUDGET, budget.id),
        "object": "budget",
        "livemode": budget.livemode,
        "scope": budget.scope,
        "scope_id": scope_text(budget.scope, budget.scope_id),
        "period": budget.period,
        "metric": budget.metric,
        "currency": currencies.get(budget.livemode) if budget.metric == Budget.Metric.MONEY else None,
        "limit": quantity_json(budget.metric, budget.limit),
        "raise_to": quantity_json(budget.metric, allowed) if raised else None,
        "raise_until": moment(budget.raise_until) if raised else None,
        "hard": budget.hard,
        "alerts": budget.alerts,
        "used": quantity_json(budget.metric, use.used),
        "held": quantity_json(budget.metric, use.held),
        "remaining": quantity_json(budget.metric, max(allowed - use.used - use.held, ZERO)),
        "starts_at": moment(use.starts_at),
        "resets_at": moment(use.resets_at),
        "set_by_operator": budget.set_by_operator,
        "created_at": moment(budget.created_at),
    }
