from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connections
from django.db.models import QuerySet

from billing.models import Budget
from cavendish.db.router import current_alias


@dataclass(frozen=True)
class BudgetUse:
    """A budget's period that runs now. `resets_at` is None for `total`."""

    starts_at: datetime
    resets_at: datetime | None
    used: Decimal
    held: Decimal


def budgets_listed(*, tenant_id: UUID, livemode: bool | None = None) -> QuerySet[Budget]:
    """Returns a tenant's budgets, of one mode or both, without deleted ones."""
    rows: QuerySet[Budget] = Budget.objects.filter(tenant_id=tenant_id, deleted_at=None)
    return rows if livemode is None else rows.filter(livemode=livemode)


def budget_find(budget_id: UUID, *, tenant_id: UUID, livemode: bool | None = None) -> Budget | None:
    return budgets_listed(tenant_id=tenant_id, livemode=livemode).filter(id=budget_id).first()


def limit_at(budget: Budget, at: datetime) -> Decimal:
    """Returns what a budget allows at a moment: its raised limit while it is raised."""
    if budget.raise_to is not None and budget.raise_until is not None and budget.raise_until > at:
        return budget.raise_to
    return budget.limit


def budget_uses(budgets: Sequence[Budget]) -> dict[UUID, BudgetUse]:
    """Returns the use of each, in one query. A period that no job has opened yet is one without use."""
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(
            """SELECT b.id, coalesce(p.starts_at, s.starts_at),
                      CASE WHEN p.id IS NULL THEN s.resets_at ELSE p.resets_at END,
                      coalesce(p.used, 0), coalesce(p.held, 0)
               FROM billing_budget b
               JOIN accounts_tenant t ON t.id = b.tenant_id
               CROSS JOIN (SELECT clock_timestamp() AS now) c
               LEFT JOIN LATERAL (
                   SELECT * FROM billing_budgetperiod p
                   WHERE p.budget_id = b.id AND coalesce(p.resets_at, 'infinity') > c.now AND p.starts_at <= c.now
                   LIMIT 1) p ON true
               LEFT JOIN LATERAL budget_period_bounds(b.period, b.created_at, t.billing_timezone, c.now) s
                   ON p.id IS NULL
               WHERE b.id = ANY (%s)""",
            [[budget.id for budget in budgets]],
        )
        return {row[0]: BudgetUse(*row[1:]) for row in cursor.fetchall()}
