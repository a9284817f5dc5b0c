"""Plans: a new one, new terms that begin with those in force, its name, its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.roles.operators import OperatorPermission
from billing.fields import decimal_text
from billing.models import Plan
from billing.money import AmountInvalid, amount_parse, amount_text, price_text
from billing.plans.dunning import MOST_DAYS, Dunning
from billing.plans.selectors import TermChange, plan_terms_in_force
from billing.plans.services import plan_create, plan_update, plan_version_of_form, plan_version_preview
from billing.plans.terms import PlanTerms
from cavendish.above.admin.prices.acts.budgets import BudgetField, budget_text
from cavendish.above.admin.prices.acts.dunning import DaysField, dunning_text
from cavendish.above.admin.prices.effects import effect_changes, effect_notes, effect_tables
from cavendish.above.admin.prices.selectors import price_change_preview
from cavendish.above.ui.acts import Act, Change, Preview
from cavendish.above.ui.formats import count, day, percent_sign
from cavendish.above.ui.forms import AmountField, MomentField
from cavendish.above.ui.marks import clauses, listed
from cavendish.gemini.catalog import models

TERM_NAMES = {
    "markup_percent": _("Mark-up"),
    "included_images": _("Included images a month"),
    "included_credit": _("Included credit a month"),
    "base_fee": _("Base fee a month"),
    "minimum_commitment": _("Minimum commitment a month"),
    "volume_discounts": _("Volume discounts"),
    "allowed_models": _("Models"),
    "default_budgets": _("Budgets that tenants get"),
    "dunning": _("Unpaid invoices"),
}
EMPTY_ROWS = 2
"""Rows for further budgets."""


def term_text(name: str, value: Any) -> str:
    """Returns a term of a plan in words."""
    match name:
        case "markup_percent":
            return percent_sign(price_text(Decimal(value)).removesuffix(".00"))
        case "included_images":
            return count(value)
        case "included_credit" | "base_fee" | "minimum_commitment":
            return price_text(Decimal(value))
        case "volume_discounts":
            return clauses(*(step_text(step) for step in value)) or gettext("none")
        case "allowed_models":
            return gettext("all") if value is None else listed(value) or gettext("none")
        case "dunning":
            return dunning_text(Dunning.of(value))
        case _budgets:
            return clauses(*(budget_text(budget) for budget in value)) or gettext("none")


def step_text(step: Mapping[str, str]) -> str:
    """Returns a step of a volume discount as the form takes it: "1000: 10"."""
    return ": ".join(price_text(Decimal(step[name])).removesuffix(".00") for name in ("above", "percent"))


class StepsField(forms.CharField):
    """Steps of a volume discount, one a line, as texts of the version; a wrong line is named."""

    def clean(self, value: Any) -> list[dict[str, str]]:
        steps = []
        for line in super().clean(value).splitlines():
            if not line.strip():
                continue
            above, _colon, percent = line.replace("%", "").partition(":")
            try:
                amounts = [amount_parse(text.strip(), zero=True) for text in (above, percent)]
            except AmountInvalid:
                wrong = gettext('"%s" is no step; write it like 1000: 10.') % line.strip()
                raise forms.ValidationError(wrong) from None
            steps.append({"above": amount_text(amounts[0]), "percent": decimal_text(amounts[1])})
        return steps


class TermsAct(Act):
    """The fields of a plan's terms; budgets are rows, of which those without a limit count for nothing."""

    permission = OperatorPermission.PRICES

    markup_percent = AmountField(
        label=_("Mark-up, percent"), negative=True, zero=True, initial="0", help_text=_("On the upstream's prices.")
    )
    included_images = forms.IntegerField(label=_("Included images a month"), min_value=0, initial=0)
    included_credit = AmountField(label=_("Included credit a month"), zero=True, initial="0")
    base_fee = AmountField(
        label=_("Base fee a month"), zero=True, initial="0", required=False,
        help_text=_("The first month by days, the day of joining counted."),
    )  # fmt: skip
    minimum_commitment = AmountField(
        label=_("Minimum commitment a month"), zero=True, initial="0", required=False,
        help_text=_("What base fee and usage come to at least; the rest is a line of the invoice."),
    )  # fmt: skip
    volume_discounts = StepsField(
        label=_("Volume discounts"), required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("A step a line: from which sum of a month on, and percent, like 1000: 10."),
    )  # fmt: skip
    allowed_models = forms.MultipleChoiceField(
        label=_("Models"), required=False, widget=forms.CheckboxSelectMultiple, help_text=_("None chosen: all.")
    )

    remind_after_days = DaysField(
        label=_("Reminders of unpaid invoices"),
        help_text=_("Days after the due date, like 3, 7, 14. Empty: none."),
    )
    suspend_after_days = forms.IntegerField(
        label=_("Suspend live keys after days"), required=False, min_value=1, max_value=MOST_DAYS,
        help_text=_("After the due date. Empty: never."),
    )  # fmt: skip

    def __init__(self, *args: Any, budgets: Sequence[Mapping[str, Any]] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["allowed_models"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(model.id, model.name) for model in models()]
        rows: list[Mapping[str, Any] | None] = [*budgets, *[None] * EMPTY_ROWS]
        for number, budget in enumerate(rows, 1):
            label = gettext("Budget %s of a tenant") % number
            self.fields[f"budget_{number}"] = BudgetField(label=label, initial=budget)
        self.budget_names = [f"budget_{number}" for number in range(1, len(rows) + 1)]

    @property
    def terms(self) -> dict[str, Any]:
        values = self.cleaned_data
        names = ("markup_percent", "included_images", "included_credit")
        return {
            **{name: values[name] for name in names},
            **{name: values[name] or Decimal(0) for name in ("base_fee", "minimum_commitment")},
            "volume_discounts": values["volume_discounts"],
            "allowed_models": values["allowed_models"] or None,
            "default_budgets": [values[name] for name in self.budget_names if values[name]],
            "dunning": Dunning(values["remind_after_days"], values["suspend_after_days"]).stored(),
        }


class NewPlan(TermsAct):
    word = _("New plan")
    field_order = ("name", "slug", "currency")

    name = forms.CharField(label=_("Name"), max_length=100)
    slug = forms.RegexField(
        r"^[a-z0-9][a-z0-9-]{0,49}\Z", label=_("Slug"),
        error_messages={"invalid": _("Use small letters, digits and hyphens, at most fifty.")},
    )  # fmt: skip
    currency = forms.CharField(
        label=_("Currency"),
        max_length=3,
        initial="USD",
        help_text=_("For good. Another than USD needs prices of its own."),
    )

    def run(self, actor: Actor) -> str:
        values = self.cleaned_data
        plan = plan_create(
            slug=values["slug"],
            name=values["name"],
            currency=values["currency"],
            terms=PlanTerms(**self.terms),
            actor=actor,
        )
        return gettext("%s can be given to tenants.") % plan.name


class NewVersion(TermsAct):
    """Begins with the terms in force; `started_from` is the version that it began with."""

    word = _("New version")
    slow = True
    text = _("It begins with the terms in force: only what you change is changed.")

    effective_from = MomentField(label=_("From"))
    started_from = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, plan: Plan, **options: Any) -> None:
        self.plan = plan
        in_force = plan_terms_in_force(plan)
        terms = in_force.terms
        options.setdefault("budgets", terms.default_budgets)
        super().__init__(*args, **options)
        for name in ("markup_percent", "included_credit", "base_fee", "minimum_commitment"):
            self.fields[name].initial = price_text(getattr(terms, name)).removesuffix(".00")
        self.fields["volume_discounts"].initial = "\n".join(map(step_text, terms.volume_discounts))
        self.fields["included_images"].initial = terms.included_images
        self.fields["allowed_models"].initial = list(terms.allowed_models or ())
        dunning = Dunning.of(terms.dunning)
        self.fields["remind_after_days"].initial = ", ".join(map(str, dunning.remind_after_days))
        self.fields["suspend_after_days"].initial = dunning.suspend_after_days
        self.fields["started_from"].initial = in_force.version_id

    @property
    def title(self) -> str:
        return gettext("New version of %s") % self.plan.name

    def preview(self) -> Preview:
        moment, changes = plan_version_preview(
            plan=self.plan,
            started_from=self.cleaned_data["started_from"],
            form=self.terms,
            effective_from=self.cleaned_data["effective_from"],
        )
        local = timezone.localtime(moment)
        notes = [gettext("It begins on %(day)s at %(time)s.") % {"day": day(local.date()), "time": f"{local:%H:%M:%S}"}]
        if not changes:
            return Preview((), [gettext("Nothing changes.")])
        markup = next((change.after for change in changes if change.name == "markup_percent"), None)
        lines = [_change(change) for change in changes]
        if markup is None:
            return Preview(lines, notes)
        found = price_change_preview(plan=self.plan, markup_percent=markup)
        return Preview(
            [*lines, *effect_changes(found)], [*effect_notes(found), *notes],
            gettext("What it would have done to last month"), effect_tables(found),
        )  # fmt: skip

    def run(self, actor: Actor) -> str:
        version = plan_version_of_form(
            plan=self.plan,
            started_from=self.cleaned_data["started_from"],
            form=self.terms,
            effective_from=self.cleaned_data["effective_from"],
            actor=actor,
        )
        local = timezone.localtime(version.effective_from)
        return gettext("%(plan)s has new terms from %(day)s at %(time)s on.") % {
            "plan": self.plan.name, "day": day(local.date()), "time": f"{local:%H:%M:%S}",
        }  # fmt: skip


def _change(change: TermChange) -> Change:
    name = str(TERM_NAMES[change.name])
    return Change(name, term_text(change.name, change.now), term_text(change.name, change.after))


class PlanAct(Act):
    permission = OperatorPermission.PRICES

    def __init__(self, *args: Any, plan: Plan, **options: Any) -> None:
        self.plan = plan
        super().__init__(*args, **options)


class Rename(PlanAct):
    word = _("Rename")
    name = forms.CharField(label=_("Name"), max_length=100)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["name"].initial = self.plan.name

    @property
    def title(self) -> str:
        return gettext("Rename %s") % self.plan.name

    def run(self, actor: Actor) -> str:
        plan = plan_update(plan=self.plan, name=self.cleaned_data["name"], actor=actor)
        return gettext("The plan is called %s.") % plan.name


class Archive(PlanAct):
    word = _("Archive")
    text = _("No tenant can be moved to it any more; those that have it keep it. It can be brought back.")

    @property
    def title(self) -> str:
        return gettext("Archive %s") % self.plan.name

    def run(self, actor: Actor) -> str:
        plan_update(plan=self.plan, archived=True, actor=actor)
        return gettext("%s is archived.") % self.plan.name


class BringBack(PlanAct):
    word = _("Bring back")

    @property
    def title(self) -> str:
        return gettext("Bring %s back") % self.plan.name

    def run(self, actor: Actor) -> str:
        plan_update(plan=self.plan, archived=False, actor=actor)
        return gettext("%s can be given to tenants again.") % self.plan.name


PLAN_ACTS: dict[str, type[NewVersion] | type[PlanAct]] = {
    "new-version": NewVersion, "rename": Rename, "archive": Archive, "bring-back": BringBack,
}  # fmt: skip
