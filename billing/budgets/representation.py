"""Budgets as the API shows them, and what a refused job is told of the one that refused it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from billing.budgets.selectors import BudgetUse, budget_uses
from billing.models import Budget, Wallet
from billing.money import ZERO, amount_text, price_text
from cavendish.db import ids
from cavendish.http.times import moment

SCOPES = {"tenant": ids.TENANT, "key": ids.API_KEY, "member": ids.USER}
EVERY = {"day": "daily", "week": "weekly", "month": "monthly", "total": "total"}
OF = {"tenant": "this tenant", "key": "this API key", "member": "this member"}
UNITS = {"images": ("picture", "pictures"), "tokens": ("token", "tokens"), "requests": ("request", "requests")}


def budgets_json(budgets: Sequence[Budget], *, tenant_id: UUID) -> list[dict[str, Any]]:
    """Inside the tenant's door. Two queries, however many there are."""
    if not budgets:
        return []
    uses = budget_uses(budgets)
    currencies = dict(Wallet.objects.filter(tenant_id=tenant_id).values_list("livemode", "currency"))
    return [_budget_json(budget, uses[budget.id], currencies) for budget in budgets]


def budget_json(budget: Budget) -> dict[str, Any]:
    return budgets_json([budget], tenant_id=budget.tenant_id)[0]


def _budget_json(budget: Budget, use: BudgetUse, currencies: Mapping[bool, str]) -> dict[str, Any]:
    raised = budget.raise_until is not None and budget.raise_until > timezone.now()
    allowed = budget.raise_to if raised and budget.raise_to is not None else budget.limit
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


def scope_text(scope: str, scope_id: UUID) -> str:
    """The public id of what a budget limits."""
    return ids.encode(SCOPES[scope], scope_id)


def quantity_json(metric: str, value: Decimal) -> str | int:
    return amount_text(value) if metric == Budget.Metric.MONEY else int(value)


def quantity_text(metric: str, value: Decimal, currency: str) -> str:
    """For people: "4.90 USD", "1 picture", "12,000 tokens"."""
    if metric == Budget.Metric.MONEY:
        return f"{price_text(value)} {currency}"
    one, many = UNITS[metric]
    return f"{int(value):,} {one if value == 1 else many}"


def refusal_json(refusal: Mapping[str, Any]) -> dict[str, Any]:
    """The budget that had no room, from what `hold_reserve` says of it."""
    metric = refusal["metric"]
    scope = refusal["scope"]
    return {
        "id": ids.encode(ids.BUDGET, UUID(refusal["budget_id"])),
        "scope": scope,
        "scope_id": scope_text(scope, UUID(refusal["scope_id"])),
        "period": refusal["period"],
        "metric": metric,
        "currency": refusal["currency"],
        **{name: quantity_json(metric, Decimal(refusal[name])) for name in ("limit", "used", "held", "wanted")},
        "resets_at": moment(_reset(refusal)),
        "set_by_operator": refusal["set_by_operator"],
    }


def refusal_text(refusal: Mapping[str, Any]) -> str:
    """One sentence each on the budget, its use, and what helps."""

    def said(name: str) -> str:
        return quantity_text(refusal["metric"], Decimal(refusal[name]), refusal["currency"])

    public = ids.encode(ids.BUDGET, UUID(refusal["budget_id"]))
    limit, used, held, wanted = (Decimal(refusal[name]) for name in ("limit", "used", "held", "wanted"))
    running = f" and {said('held')} held by running requests" if held else ""
    text = (
        f"The {EVERY[refusal['period']]} budget of {OF[refusal['scope']]} ({public}) has no room for this request: "
        f"{said('used')} of {said('limit')} are used{running}; this one may need up to {said('wanted')}."
    )
    if wanted > limit:
        text += " That is more than the whole budget."
    elif held and used + wanted <= limit:
        text += " Running requests may leave room when they end."
    reset = _reset(refusal)
    return text + (f" It resets at {reset:%Y-%m-%dT%H:%M:%SZ}." if reset else " It does not reset.")


def _reset(refusal: Mapping[str, Any]) -> datetime | None:
    at = refusal["resets_at"]
    return datetime.fromisoformat(at).astimezone(UTC) if at else None
