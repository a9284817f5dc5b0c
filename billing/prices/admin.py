from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin

from accounts.actor import Actor
from accounts.roles.operators import OperatorPermission
from billing.admin_base import WHEN, AmountField, FormAdmin, ServiceForm
from billing.models import Kind, Plan, Price, Tier, Unit
from billing.prices.services import NewPrice, change_text, prices_add, prices_preview
from cavendish.gemini.catalog import models


class PriceForm(ServiceForm):
    title = "Set a price"

    plan = forms.ModelChoiceField(Plan.objects.none(), required=False, empty_label="What the upstream charges us")
    model = forms.ChoiceField(choices=[(model.id, model.id) for model in models()])
    kind = forms.ChoiceField(choices=Kind.choices)
    tier = forms.ChoiceField(choices=Tier.choices)
    unit = forms.ChoiceField(choices=Unit.choices)
    image_size = forms.CharField(required=False, max_length=8, help_text="Only of a price per picture; empty is all.")
    unit_price = AmountField(zero=True, help_text='For example "60.00".')
    effective_from = forms.DateTimeField(required=False, help_text=WHEN)
    source = forms.CharField(required=False, max_length=300, help_text="Where the figure comes from.")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        plans: Any = self.fields["plan"]
        plans.queryset = Plan.objects.order_by("name")

    @property
    def new(self) -> list[NewPrice]:
        names = ("model", "kind", "tier", "unit", "image_size", "unit_price")
        return [NewPrice(**{name: self.cleaned_data[name] for name in names})]

    def preview(self) -> Sequence[str]:
        plan: Plan | None = self.cleaned_data["plan"]
        moment, changes = prices_preview(plan=plan, new=self.new, effective_from=self.cleaned_data["effective_from"])
        lines = [f"From {moment:%Y-%m-%d %H:%M:%S} UTC on, for {plan or 'the upstream'}:"]
        for change in changes:
            lines.append(change_text(change, plan.currency if plan else "USD"))
            if change.until is not None:
                lines.append(f"Until {change.until:%Y-%m-%d %H:%M:%S} UTC, when another price is set to begin.")
        return lines

    def save(self, actor: Actor) -> str:
        values = self.cleaned_data
        [price] = prices_add(
            plan=values["plan"],
            new=self.new,
            effective_from=values["effective_from"],
            source=values["source"],
            actor=actor,
        )
        return f"Set: {price} from {price.effective_from:%Y-%m-%d %H:%M:%S} UTC on."


@admin.register(Price)
class PriceAdmin(FormAdmin):
    takes = OperatorPermission.PRICES
    form_class = PriceForm
    list_display = (
        "model", "kind", "tier", "image_size", "unit_price", "unit", "currency", "plan", "effective_from", "actor",
    )  # fmt: skip
    list_filter = ("model", "kind", "tier", "plan")
    list_select_related = ("plan",)
    ordering = ("-effective_from", "model", "kind")
