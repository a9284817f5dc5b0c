"""The pages of budgets: all as bars, one with who spends it, and the acts on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.roles.permissions import Permission
from billing.forecasts.selectors import MEASURES
from billing.models import Budget, BudgetAlert
from billing.money import ZERO
from billing.usage.query import UsageQuery
from billing.usage.selectors import usage_read
from billing.wallets.selectors import wallet_of
from cavendish.above.console.pages import console_act, console_page
from cavendish.above.console.usage.budgets.acts import ACTS, NewBudget
from cavendish.above.console.usage.budgets.standing import BudgetShown, budget_shown, budgets_shown, warned
from cavendish.above.console.usage.months import month_asked
from cavendish.above.console.usage.report import MOST_ROWS, Asked, names_of, public_id_of
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.budgets.lines import quantity
from cavendish.above.ui.public_ids import find_or_404
from cavendish.db import ids

MOST_SPENDERS = 10
SPENDERS: dict[str, tuple[str, ...]] = {
    Budget.Scope.TENANT: ("key", "member", "model"),
    Budget.Scope.KEY: ("member", "model"),
    Budget.Scope.MEMBER: ("key", "model"),
}
"""By what it is told who spends a budget."""
HEADINGS: dict[str, str | Promise] = {"key": _("By key"), "member": _("By member"), "model": _("By model")}


@dataclass(frozen=True)
class Spender:
    """Somebody or something that uses a budget: how much in its metric, and which part of all that is used."""

    name: str
    address: str
    used: str
    share: Decimal


@console_page(Permission.BILLING, section="usage")
def budgets(request: HttpRequest, work: Workplace) -> HttpResponse:
    with work.reading():
        shown = budgets_shown(work.tenant, livemode=work.livemode)
        wallet = wallet_of(tenant_id=work.tenant_id, livemode=work.livemode)
    context = {"budgets": shown, "warned": warned(shown), "currency": wallet.currency if wallet else ""}
    return render(request, "console/usage/budgets.html", context)


@console_page(Permission.BILLING, section="usage")
def budget_new(request: HttpRequest, work: Workplace) -> HttpResponse:
    with work.reading():
        act = NewBudget(request.POST or None, work=work)
    return console_act(request, work, act, back=reverse("console:budgets"))


@console_page(Permission.BILLING, section="usage")
def budget(request: HttpRequest, work: Workplace, budget_id: str) -> HttpResponse:
    with work.reading():
        shown = _found(work, budget_id)
        wallet = wallet_of(tenant_id=work.tenant_id, livemode=shown.budget.livemode)
        alerts = list(BudgetAlert.objects.filter(budget_id=shown.budget.id).order_by("-id")[:10])
        spenders = [(by, HEADINGS[by], _spenders(request, work, shown, by)) for by in SPENDERS[shown.budget.scope]]
    context = {
        "shown": shown,
        "budget": shown.budget,
        "currency": wallet.currency if wallet else "",
        "alerts": alerts,
        "spenders": [row for row in spenders if row[2]],
        "may_change": not shown.budget.set_by_operator,
    }
    return render(request, "console/usage/budget.html", context)


@console_page(Permission.BILLING, section="usage")
def budget_act(request: HttpRequest, work: Workplace, budget_id: str, act: str) -> HttpResponse:
    with work.reading():
        shown = _found(work, budget_id)
    if act not in ACTS:
        raise Http404
    back = reverse(
        "console:budgets" if act == "delete" else "console:budget", args=[] if act == "delete" else [budget_id]
    )
    return console_act(request, work, ACTS[act](request.POST or None, work=work, shown=shown), back=back)


def _found(work: Workplace, public: str) -> BudgetShown:
    return find_or_404(ids.BUDGET, public, lambda value: budget_shown(work.tenant, value))


def _spenders(request: HttpRequest, work: Workplace, shown: BudgetShown, by: str) -> list[Spender]:
    """Returns who used most of a budget in the period that runs, dearest first."""
    row, use = shown.budget, shown.line.use
    of = {Budget.Scope.KEY: "key_id", Budget.Scope.MEMBER: "member_id"}.get(Budget.Scope(row.scope))
    filters: dict[str, Any] = {of: row.scope_id} if of else {}
    query = UsageQuery(
        start=use.starts_at.astimezone(shown.zone).date(),
        end=shown.today + timedelta(days=1),
        livemode=row.livemode,
        group_by=(by,),
        tenant_id=work.tenant_id,
        **filters,
    )
    asked = Asked(month_asked(request, work.tenant), row.livemode, by=by)
    found = {
        line.group[by] or None: Decimal(getattr(line.sums, MEASURES[Budget.Metric(row.metric)]))
        for line in usage_read(query, limit=MOST_ROWS).rows
    }
    whole = sum(found.values(), ZERO)
    top = sorted((item for item in found.items() if item[1]), key=lambda item: item[1], reverse=True)[:MOST_SPENDERS]
    names = names_of(asked, [value for value, _amount in top])  # type: ignore[misc]
    return [
        Spender(
            name=names[value],  # type: ignore[index]
            address=_usage_of(by, public_id_of(asked, value)),  # type: ignore[arg-type]
            used=quantity(amount, row.metric),
            share=amount / whole,
        )
        for value, amount in top
    ]


def _usage_of(by: str, public_id: str) -> str:
    """Returns the days of a key, member or model in the month that runs."""
    return f"{reverse('console:usage_days')}?by={by}&{f'of={public_id}' if public_id else 'without=1'}"
