"""Budgets as pages list them: what each limits by its name, its limit now, and what its period has used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from accounts.models import ApiKey, Membership
from billing.budgets.selectors import BudgetUse, budget_uses, budgets_listed, limit_at
from billing.models import Budget
from billing.money import ZERO
from cavendish.above.ui.formats import count, money
from cavendish.above.ui.labels import label
from cavendish.db import ids

NEARLY_FULL = Decimal("0.9")
MOST_SHOWN = 50


@dataclass(frozen=True)
class BudgetLine:
    """A budget; `label` names its key or member, empty for the whole tenant. `limit` is the raised one while it is."""

    budget: Budget
    label: str
    use: BudgetUse
    limit: Decimal

    @property
    def public_id(self) -> str:
        return ids.encode(ids.BUDGET, self.budget.id)

    @property
    def is_raised(self) -> bool:
        return self.limit != self.budget.limit

    @property
    def share(self) -> Decimal:
        return self.use.used / self.limit if self.limit else Decimal(1)

    @property
    def left(self) -> Decimal:
        return max(self.limit - self.use.used - self.use.held, ZERO)

    @property
    def meter(self) -> list[tuple[str, Decimal]]:
        """Returns the parts of its bar: used, held."""
        kind = "bad" if self.share >= NEARLY_FULL else "2"
        return [(kind, self.share), ("off", self.use.held / self.limit if self.limit else ZERO)]


def quantity(value: Decimal, metric: str) -> str:
    """Returns a quantity of a budget in its metric: "500.00", "1 000 images"."""
    if metric == Budget.Metric.MONEY:
        return money(value)
    return f"{count(int(value))} {label(Budget.Metric(metric).label)}"


def budget_lines(*, tenant_id: UUID, livemode: bool) -> list[BudgetLine]:
    """Returns the newest MOST_SHOWN budgets of a mode with their use, fullest first; four queries."""
    budgets = list(budgets_listed(tenant_id=tenant_id, livemode=livemode).order_by("-id")[:MOST_SHOWN])
    return sorted(lines_of(budgets, tenant_id=tenant_id), key=lambda line: line.share, reverse=True)


def lines_of(budgets: Sequence[Budget], *, tenant_id: UUID) -> list[BudgetLine]:
    """Returns budgets of a tenant in their order, with names and use."""
    uses = budget_uses(budgets) if budgets else {}
    of_keys, of_members = (
        [row.scope_id for row in budgets if row.scope == scope] for scope in (Budget.Scope.KEY, Budget.Scope.MEMBER)
    )
    keys = dict(ApiKey.objects.filter(tenant_id=tenant_id, id__in=of_keys).values_list("id", "name"))
    members = Membership.objects.select_related("user").filter(tenant_id=tenant_id, user_id__in=of_members)
    people = {row.user_id: row.user.name or row.user.email for row in members}
    now = timezone.now()
    lines = []
    for budget in budgets:
        name = keys.get(budget.scope_id) or people.get(budget.scope_id) or ""
        if budget.id in uses:
            lines.append(BudgetLine(budget, name, uses[budget.id], limit_at(budget, now)))
    return lines
