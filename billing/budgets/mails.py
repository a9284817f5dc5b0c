"""The mail of a budget that has reached a percentage, or has no room left."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from billing.models import Budget, BudgetAlert
from billing.money import price_text
from cavendish.db import ids
from cavendish.mail.letters import Fact, Letter, link


def budget_letter(alert: BudgetAlert, *, whose: str, currency: str, resets_at: str) -> Letter:
    """Returns the letter in the active language. `whose` is what the budget is of; `resets_at` is empty for one that
    never resets.
    """
    budget = alert.budget
    is_refusing = alert.used < alert.limit and alert.percent == 100
    if not budget.livemode:
        whose = _("{whose} in test mode").format(whose=whose)
    names = {"percent": alert.percent, "budget": _every(budget), "whose": whose, "metric": _metric(budget)}
    subject = (
        _("No room is left in the {budget} of {whose}")
        if is_refusing
        else _("{percent} % is used of the {budget} of {whose}")
    )
    text = (
        _(
            "No room is left in the {budget} of {whose} for {metric}: what is used, and what running requests may "
            "still need, leaves none for new ones, which are refused."
        )
        if is_refusing
        else _("{percent} % is used of the {budget} of {whose} for {metric}.")
    )
    return Letter(
        subject=subject.format(**names),
        text=[text.format(**names)],
        facts=[
            Fact(_("Limit"), _quantity(budget, alert.limit, currency)),
            Fact(_("Used so far"), _quantity(budget, alert.used, currency)),
            *([Fact(_("Held for running requests"), _quantity(budget, alert.held, currency))] if is_refusing else []),
            Fact(_("Budget"), ids.encode(ids.BUDGET, budget.id)),
            Fact(_("Tenant"), alert.tenant.name),
        ],
        after=[
            _("It resets at {moment}.").format(moment=resets_at) if resets_at else _("It does not reset."),
            *_what_follows(alert, is_refusing=is_refusing, resets=bool(resets_at)),
        ],
        button=link(_("View the budget"), f"/console/usage/budgets/{ids.encode(ids.BUDGET, budget.id)}/"),
    )


def _what_follows(alert: BudgetAlert, *, is_refusing: bool, resets: bool) -> list[str]:
    if is_refusing:
        return []
    if not alert.budget.hard:
        return [_("This budget only counts: no request is refused because of it.")]
    if alert.percent == 100:
        return [_("New requests are refused until then.") if resets else _("New requests are refused.")]
    return [_("What does not fit into it is refused.")]


def _every(budget: Budget) -> str:
    return {
        "day": _("daily budget"),
        "week": _("weekly budget"),
        "month": _("monthly budget"),
        "total": _("total budget"),
    }[budget.period]


def _metric(budget: Budget) -> str:
    return {"money": _("money"), "images": _("pictures"), "tokens": _("tokens"), "requests": _("requests")}[
        budget.metric
    ]


def _quantity(budget: Budget, value: Decimal, currency: str) -> str:
    if budget.metric == Budget.Metric.MONEY:
        return f"{price_text(value)} {currency}"
    return f"{int(value):,} {_metric(budget)}"
