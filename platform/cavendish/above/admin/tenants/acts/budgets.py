"""Set, change and remove a tenant's budgets, with the checks of the API's bodies."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import ApiKey, Membership
from accounts.roles.operators import OperatorPermission
from billing.budgets.bodies import BudgetChange, OperatorBudgetNew
from billing.budgets.services import budget_create, budget_delete, budget_update
from billing.models import Budget
from cavendish.above.admin.tenants.acts.base import TenantAct
from cavendish.above.ui.acts import Change, Preview
from cavendish.above.ui.formats import count, money, percent_sign
from cavendish.above.ui.labels import PERIODS, label, labelled, period
from cavendish.db import ids
from cavendish.http.json_body import body_checked
from cavendish.http.problems import not_found

PERIOD_CHOICES = [(value, PERIODS[str(text)]) for value, text in Budget.Period.choices]


class BudgetFields(TenantAct):
    """The terms that every budget has."""

    permission = OperatorPermission.MONEY

    limit = forms.CharField(
        label=_("Limit"), max_length=40, widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    )
    hard = forms.BooleanField(
        label=_("Refuse jobs beyond it"), required=False, initial=True, help_text=_("Off: it only counts and warns.")
    )
    alerts = forms.CharField(
        label=_("Warn at"), max_length=60, required=False, help_text=_("Percentages, like “80, 100”; empty for never.")
    )

    def terms(self, metric: str) -> dict[str, Any]:
        """Returns the terms as the API takes them: money as text, other metrics and percentages as whole numbers."""
        values = self.cleaned_data
        limit = values["limit"].replace(",", "").strip()
        percents = values["alerts"].replace(",", " ").replace("%", " ").split()
        return {
            "limit": limit if metric == Budget.Metric.MONEY else _whole(limit),
            "hard": values["hard"],
            "alerts": [_whole(percent) for percent in percents],
        }


def _whole(text: str) -> int | str:
    """Returns a number, or the text as it is, for the body to complain of."""
    return int(text) if text.isascii() and text.isdigit() else text


def amount(value: Decimal, metric: str) -> str:
    """Returns a limit in its metric: "500.00", "1 000 images"."""
    if metric == Budget.Metric.MONEY:
        return money(value)
    return f"{count(int(value))} {label(Budget.Metric(metric).label)}"


class SetBudget(BudgetFields):
    word, heading = _("Set budget"), _("Set a budget for %s")

    scope = forms.ChoiceField(label=pgettext_lazy("budget", "Of"))
    period = forms.ChoiceField(label=_("Period"), choices=PERIOD_CHOICES, initial=Budget.Period.MONTH)
    metric = forms.ChoiceField(
        label=_("What it counts"), choices=labelled(Budget.Metric.choices), initial=Budget.Metric.MONEY
    )
    mode = forms.ChoiceField(label=_("Mode"), choices=[("live", _("Live")), ("test", _("Test"))], initial="live")
    field_order = ("scope", "period", "metric", "limit", "hard", "alerts", "mode")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        scope: Any = self.fields["scope"]
        scope.choices = [("tenant", _("the whole tenant")), *self._keys(), *self._members()]

    def _keys(self) -> list[tuple[str, str]]:
        rows = ApiKey.objects.filter(tenant_id=self.tenant.id, revoked_at=None).order_by("name")[:200]
        return [(ids.encode(ids.API_KEY, key.id), gettext("the key %s") % f"{key.name} ({key.prefix})") for key in rows]

    def _members(self) -> list[tuple[str, str]]:
        rows = Membership.objects.select_related("user").filter(tenant_id=self.tenant.id).order_by("created_at")[:200]
        return [(ids.encode(ids.USER, row.user_id), gettext("the member %s") % row.user.email) for row in rows]

    def _scope(self) -> tuple[str, UUID]:
        """Returns the scope and the id of what is limited."""
        text = self.cleaned_data["scope"]
        if (key_id := ids.decode(ids.API_KEY, text)) is not None:
            return Budget.Scope.KEY.value, key_id
        if (user_id := ids.decode(ids.USER, text)) is not None:
            return Budget.Scope.MEMBER.value, user_id
        return Budget.Scope.TENANT.value, self.tenant.id

    def run(self, actor: Actor) -> str:
        values = self.cleaned_data
        scope, scope_id = self._scope()
        body = {
            "scope": scope,
            "scope_id": values["scope"],
            "period": values["period"],
            "metric": values["metric"],
            "livemode": values["mode"] == "live",
            **self.terms(values["metric"]),
        }
        checked = {**body_checked(body, OperatorBudgetNew), "scope_id": scope_id}
        budget_create(tenant_id=self.tenant.id, actor=actor, **checked)
        return gettext("The budget holds from now on.")


class OneBudget(TenantAct):
    """An act on a budget that there is."""

    permission = OperatorPermission.MONEY

    def __init__(self, *args: Any, item: Budget, **options: Any) -> None:
        self.budget = item
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        named = period(str(self.budget.get_period_display()))
        return str(self.heading).replace("%p", named).replace("%s", self.tenant.name)


class ChangeBudget(OneBudget, BudgetFields):
    word, heading = _("Change budget"), _("Change a budget of %s: %p")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        budget = self.budget
        is_money = budget.metric == Budget.Metric.MONEY
        self.fields["limit"].initial = money(budget.limit) if is_money else f"{budget.limit:.0f}"
        self.fields["hard"].initial = budget.hard
        self.fields["alerts"].initial = ", ".join(map(str, budget.alerts))

    def _checked(self) -> dict[str, Any]:
        terms = self.terms(self.budget.metric)
        return body_checked(terms, BudgetChange, partial=True, metric=self.budget.metric)

    def preview(self) -> Preview:
        checked, budget = self._checked(), self.budget
        now, after = amount(budget.limit, budget.metric), amount(checked["limit"], budget.metric)
        words = {True: gettext("refuses"), False: gettext("counts")}
        return Preview(
            [
                Change(gettext("Limit"), now, after),
                Change(gettext("Beyond it"), words[budget.hard], words[checked["hard"]]),
                Change(gettext("Warns at"), _percents(budget.alerts), _percents(checked["alerts"])),
            ],
            [gettext("It holds for the period that runs, too; what is used stays counted.")],
        )

    def run(self, actor: Actor) -> str:
        budget_id, values = self.budget.id, self._checked()
        if budget_update(tenant_id=self.tenant.id, budget_id=budget_id, actor=actor, values=values) is None:
            raise not_found()
        return gettext("The budget was changed.")


def _percents(alerts: list[int]) -> str:
    return ", ".join(map(percent_sign, sorted(alerts))) or "–"


class RemoveBudget(OneBudget):
    word, heading, danger = _("Remove budget"), _("Remove a budget of %s: %p"), True
    text = _("It limits nothing from now on.")

    def run(self, actor: Actor) -> str:
        if not budget_delete(tenant_id=self.tenant.id, budget_id=self.budget.id, actor=actor):
            raise not_found()
        return gettext("The budget was removed.")
