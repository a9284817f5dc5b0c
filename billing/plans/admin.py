from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError

from accounts.actor import Actor
from accounts.roles.operators import OperatorPermission
from billing.admin_base import WHEN, AmountField, FormAdmin, ServiceForm
from billing.budgets.bodies import BudgetDefault
from billing.errors import ValuesInvalid
from billing.models import Plan, PlanVersion
from billing.money import amount_text
from billing.plans.services import plan_create, plan_version_add
from billing.plans.terms import PlanTerms
from billing.prices.services import moment_check
from cavendish.gemini.catalog import models


class TermsFields(ServiceForm):
    markup_percent = AmountField(negative=True, zero=True, initial="0", help_text="On the upstream's prices.")
    included_images = forms.IntegerField(min_value=0, initial=0, help_text="Pictures a month.")
    included_credit = AmountField(zero=True, initial="0", help_text="A month.")
    allowed_models = forms.MultipleChoiceField(
        choices=[(model.id, model.id) for model in models()], required=False, help_text="None chosen: all."
    )
    default_budgets = forms.JSONField(
        required=False,
        initial=list,
        help_text='For example [{"period": "month", "metric": "money", "limit": "50"}].',
    )

    def clean_default_budgets(self) -> list[dict[str, Any]]:
        body = BudgetDefault(data=self.cleaned_data["default_budgets"] or [], many=True)
        if not body.is_valid():
            raise ValidationError(f"These are no budgets: {body.errors}")
        return [
            {**budget, "limit": amount_text(budget["limit"]) if budget["metric"] == "money" else int(budget["limit"])}
            for budget in body.validated_data
        ]

    @property
    def terms(self) -> dict[str, Any]:
        names = ("markup_percent", "included_images", "included_credit", "default_budgets")
        chosen = self.cleaned_data["allowed_models"]
        return {**{name: self.cleaned_data[name] for name in names}, "allowed_models": chosen or None}


class PlanForm(TermsFields):
    title = "Create a plan"

    slug = forms.SlugField()
    name = forms.CharField(max_length=100)
    currency = forms.CharField(max_length=3, initial="USD", help_text="For good. Another than USD needs own prices.")

    field_order = ("slug", "name", "currency")

    def save(self, actor: Actor) -> str:
        values = self.cleaned_data
        plan = plan_create(
            slug=values["slug"],
            name=values["name"],
            currency=values["currency"],
            terms=PlanTerms(**self.terms),
            actor=actor,
        )
        return f"{plan} can be given to tenants."


class TermsForm(TermsFields):
    title = "Give a plan new terms"

    plan = forms.ModelChoiceField(Plan.objects.none())
    effective_from = forms.DateTimeField(required=False, help_text=WHEN)

    field_order = ("plan",)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        plans: Any = self.fields["plan"]
        plans.queryset = Plan.objects.order_by("name")

    def preview(self) -> Sequence[str]:
        moment, errors = moment_check(self.cleaned_data["effective_from"])
        if errors:
            raise ValuesInvalid(errors)
        plan: Plan = self.cleaned_data["plan"]
        before = plan.versions.filter(effective_from__lte=moment).order_by("-effective_from").first()
        old = vars(PlanTerms.of(before) if before else PlanTerms())
        lines = [f"From {moment:%Y-%m-%d %H:%M:%S} UTC on, for {plan}:"]
        lines += [f"{name}: {old[name]} → {new}" for name, new in self.terms.items() if old[name] != new]
        return lines if len(lines) > 1 else [*lines, "Nothing changes."]

    def save(self, actor: Actor) -> str:
        values = self.cleaned_data
        version = plan_version_add(
            plan=values["plan"], values=self.terms, effective_from=values["effective_from"], actor=actor
        )
        return f"{values['plan']} has new terms from {version.effective_from:%Y-%m-%d %H:%M:%S} UTC on."


@admin.register(Plan)
class PlanAdmin(FormAdmin):
    takes = OperatorPermission.PRICES
    form_class = PlanForm
    list_display = ("slug", "name", "currency", "archived_at")


@admin.register(PlanVersion)
class PlanVersionAdmin(FormAdmin):
    takes = OperatorPermission.PRICES
    form_class = TermsForm
    list_display = (
        "plan", "effective_from", "markup_percent", "included_images", "included_credit", "allowed_models", "actor",
    )  # fmt: skip
    list_filter = ("plan",)
    list_select_related = ("plan",)
