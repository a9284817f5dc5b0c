"""Set, change, raise and delete budgets, with the checks of the API's bodies."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import ApiKey, Membership
from billing.budgets.bodies import BudgetChange, OperatorBudgetNew
from billing.budgets.selectors import limit_at
from billing.budgets.services import budget_create, budget_delete, budget_update
from billing.models import Budget
from cavendish.above.ui.acts import Act, Change, Preview
from cavendish.above.ui.budgets.lines import quantity
from cavendish.above.ui.formats import money, percent_sign
from cavendish.above.ui.forms import MomentField
from cavendish.above.ui.labels import PERIODS, labelled
from cavendish.above.ui.marks import in_brackets, listed, words
from cavendish.db import ids
from cavendish.http.json_body import body_checked
from cavendish.http.problems import not_found

PERIOD_CHOICES = [(value, PERIODS[str(text)]) for value, text in Budget.Period.choices]
MOST_NAMED = 200
"""Keys, and members, that can be chosen from."""


class BudgetAct(Act):
    """An act on a tenant's budgets. A form that offers keys and members is made in the tenant's context."""

    def __init__(self, *args: Any, tenant_id: UUID, **options: Any) -> None:
        self.tenant_id = tenant_id
        super().__init__(*args, **options)


class BudgetTermsAct(BudgetAct):
    """The terms that every budget has."""

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
        percents = words(values["alerts"].replace("%", " "))
        return {
            "limit": _sent(values["limit"], metric),
            "hard": values["hard"],
            "alerts": [_whole(percent) for percent in percents],
        }


def _sent(text: str, metric: str) -> int | str:
    """Returns a quantity as the API takes it."""
    plain = text.replace(",", "").strip()
    return plain if metric == Budget.Metric.MONEY else _whole(plain)


def _whole(text: str) -> int | str:
    """Returns a number, or the text as it is, for the body to complain of."""
    return int(text) if text.isascii() and text.isdigit() else text


class NewBudget(BudgetTermsAct):
    """A budget of a mode; subclasses that know it set `livemode`, others offer the keys of both."""

    livemode: bool | None = None

    scope = forms.ChoiceField(label=pgettext_lazy("budget", "Of"))
    period = forms.ChoiceField(label=_("Period"), choices=PERIOD_CHOICES, initial=Budget.Period.MONTH)
    metric = forms.ChoiceField(
        label=_("What it counts"), choices=labelled(Budget.Metric.choices), initial=Budget.Metric.MONEY
    )
    field_order = ("scope", "period", "metric", "limit", "hard", "alerts", "mode")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        scope: Any = self.fields["scope"]
        scope.choices = [("tenant", _("the whole tenant")), *self._keys(), *self._members()]

    def _keys(self) -> list[tuple[str, str]]:
        rows = ApiKey.objects.filter(tenant_id=self.tenant_id, revoked_at=None)
        if self.livemode is not None:
            rows = rows.filter(livemode=self.livemode)
        return [
            (ids.encode(ids.API_KEY, key.id), gettext("the key %s") % in_brackets(key.name, key.prefix))
            for key in rows.order_by("name")[:MOST_NAMED]
        ]

    def _members(self) -> list[tuple[str, str]]:
        rows = Membership.objects.select_related("user").filter(tenant_id=self.tenant_id).order_by("created_at")
        return [
            (ids.encode(ids.USER, row.user_id), gettext("the member %s") % row.user.email) for row in rows[:MOST_NAMED]
        ]

    def _scope(self) -> tuple[str, UUID]:
        """Returns the scope and the id of what is limited."""
        text = self.cleaned_data["scope"]
        if (key_id := ids.decode(ids.API_KEY, text)) is not None:
            return Budget.Scope.KEY.value, key_id
        if (user_id := ids.decode(ids.USER, text)) is not None:
            return Budget.Scope.MEMBER.value, user_id
        return Budget.Scope.TENANT.value, self.tenant_id

    def _of_livemode(self) -> bool:
        """Returns the mode of the budget."""
        return bool(self.livemode) if self.livemode is not None else self.cleaned_data["mode"] == "live"

    def checked(self) -> dict[str, Any]:
        """Returns what the service takes. Raises Problem."""
        values = self.cleaned_data
        scope, scope_id = self._scope()
        body = {
            "scope": scope,
            "scope_id": values["scope"],
            "period": values["period"],
            "metric": values["metric"],
            "livemode": self._of_livemode(),
            **self.terms(values["metric"]),
        }
        return {**body_checked(body, OperatorBudgetNew), "scope_id": scope_id}

    def run(self, actor: Actor) -> str:
        budget_create(tenant_id=self.tenant_id, actor=actor, **self.checked())
        return gettext("The budget holds from now on.")


class OneBudget(BudgetAct):
    """An act on a budget that there is."""

    def __init__(self, *args: Any, budget: Budget, **options: Any) -> None:
        self.budget = budget
        super().__init__(*args, **options)

    def update(self, actor: Actor, values: dict[str, Any]) -> None:
        """Changes it. Raises Problem, 404 where it has been deleted meanwhile."""
        changed = budget_update(tenant_id=self.tenant_id, budget_id=self.budget.id, actor=actor, values=values)
        if changed is None:
            raise not_found()


class ChangeBudget(OneBudget, BudgetTermsAct):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        budget = self.budget
        is_money = budget.metric == Budget.Metric.MONEY
        self.fields["limit"].initial = money(budget.limit) if is_money else f"{budget.limit:.0f}"
        self.fields["hard"].initial = budget.hard
        self.fields["alerts"].initial = ", ".join(map(str, budget.alerts))

    def checked(self) -> dict[str, Any]:
        terms = self.terms(self.budget.metric)
        return body_checked(terms, BudgetChange, partial=True, metric=self.budget.metric)

    def preview(self) -> Preview:
        checked, budget = self.checked(), self.budget
        now, after = quantity(budget.limit, budget.metric), quantity(checked["limit"], budget.metric)
        words = {True: gettext("refuses"), False: gettext("counts")}
        return Preview(
            [
                Change(gettext("Limit"), now, after),
                Change(gettext("Beyond it"), words[budget.hard], words[checked["hard"]]),
                Change(gettext("Warns at"), percents(budget.alerts), percents(checked["alerts"])),
            ],
            [gettext("It holds for the period that runs, too; what is used stays counted.")],
        )

    def run(self, actor: Actor) -> str:
        self.update(actor, self.checked())
        return gettext("The budget was changed.")


class RaiseBudget(OneBudget):
    """A higher limit that falls back by itself; one that is raised already gets the new limit and moment."""

    raise_to = forms.CharField(
        label=_("Raise it to"), max_length=40, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    raise_until = MomentField(
        label=_("Until"), required=True, help_text=_("In your time zone. The limit then falls back by itself.")
    )

    def checked(self) -> dict[str, Any]:
        values = self.cleaned_data
        body = {
            "raise_to": _sent(values["raise_to"], self.budget.metric),
            "raise_until": values["raise_until"].isoformat(),
        }
        return body_checked(body, BudgetChange, partial=True, metric=self.budget.metric)

    def preview(self) -> Preview:
        checked, budget = self.checked(), self.budget
        now = limit_at(budget, timezone.now())
        return Preview(
            [Change(gettext("Limit"), quantity(now, budget.metric), quantity(checked["raise_to"], budget.metric))],
            [gettext("After that it is %s again.") % quantity(budget.limit, budget.metric)],
        )

    def run(self, actor: Actor) -> str:
        self.update(actor, self.checked())
        return gettext("The budget is raised.")


def percents(alerts: list[int]) -> str:
    """Returns the percentages at which a budget warns: "80 %, 100 %"."""
    return listed(map(percent_sign, sorted(alerts))) or "–"


class DeleteBudget(OneBudget):
    danger = True
    text = _("It limits nothing from now on.")

    def run(self, actor: Actor) -> str:
        if not budget_delete(tenant_id=self.tenant_id, budget_id=self.budget.id, actor=actor):
            raise not_found()
        return gettext("The budget was removed.")
