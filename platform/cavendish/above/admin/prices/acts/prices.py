"""Set a price; adopt what the upstream's pictures count as."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.roles.operators import OperatorPermission
from billing.models import Kind, Plan, Tier, Unit
from billing.money import price_text
from billing.prices.services import UPSTREAM_CURRENCY, NewPrice, prices_add, prices_preview
from cavendish.above.admin.prices.effects import effect_changes, effect_notes, effect_tables
from cavendish.above.admin.prices.selectors import price_change_preview
from cavendish.above.ui.acts import Act, Change, Preview
from cavendish.above.ui.formats import day, money
from cavendish.above.ui.forms import AmountField, MomentField
from cavendish.above.ui.marks import facts
from cavendish.above.ui.words import KINDS, TIERS, UNITS, kind_word, unit_word
from cavendish.gemini.catalog import models
from generations.tokens.services import TokenAdoption, tokens_adopt, tokens_adoption_preview


class SetPrice(Act):
    word = _("Set a price")
    permission = OperatorPermission.PRICES
    slow = True
    text = _("A price begins at a moment and stays in the book: jobs keep the prices of their acceptance.")

    plan = forms.ModelChoiceField(
        label=_("Whose"), queryset=Plan.objects.none(), to_field_name="slug", required=False,
        empty_label=_("What the upstream charges us"),
    )  # fmt: skip
    model = forms.ChoiceField(label=_("Model"))
    kind = forms.ChoiceField(label=_("Of"), choices=[(kind, KINDS[kind]) for kind in Kind.values])
    tier = forms.ChoiceField(label=_("Tier"), choices=[(tier, TIERS[tier]) for tier in Tier.values])
    unit = forms.ChoiceField(label=_("Unit"), choices=[(unit, UNITS[unit]) for unit in Unit.values])
    image_size = forms.CharField(
        label=_("Size"), max_length=8, required=False, help_text=_("Only for a price per image; empty: all sizes.")
    )
    unit_price = AmountField(label=_("Price"), zero=True)
    effective_from = MomentField(label=_("From"))
    source = forms.CharField(
        label=_("Source"), max_length=300, required=False, help_text=_("Where the figure comes from.")
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        plans, model = self.fields["plan"], self.fields["model"]
        assert isinstance(plans, forms.ModelChoiceField)
        assert isinstance(model, forms.ChoiceField)
        plans.queryset = Plan.objects.order_by("name")
        model.choices = [(each.id, each.name) for each in models()]

    @property
    def new(self) -> list[NewPrice]:
        names = ("model", "kind", "tier", "unit", "image_size", "unit_price")
        return [NewPrice(**{name: self.cleaned_data[name] for name in names})]

    @property
    def currency(self) -> str:
        plan: Plan | None = self.cleaned_data["plan"]
        return plan.currency if plan else UPSTREAM_CURRENCY

    def preview(self) -> Preview:
        plan: Plan | None = self.cleaned_data["plan"]
        moment, [change] = prices_preview(plan=plan, new=self.new, effective_from=self.cleaned_data["effective_from"])
        found = price_change_preview(plan=plan, new=self.new)
        notes = [gettext("It begins on %(day)s at %(time)s.") % _when(moment)]
        if change.until is not None:
            notes.append(
                gettext("Until %(day)s at %(time)s, when another price is set to begin.") % _when(change.until)
            )
        return Preview(
            [
                Change(
                    facts(kind_word(change.new.kind), unit_word(change.new.unit)),
                    "–" if change.old_price is None else self._price(change.old_price, change.old_unit),
                    self._price(change.new.unit_price, change.new.unit),
                ),
                *effect_changes(found),
            ],
            [*effect_notes(found), *notes],
            gettext("What it would have done to last month"),
            effect_tables(found),
        )

    def _price(self, price: Decimal, unit: str | None) -> str:
        text = f"{price_text(price)} {self.currency}"
        return text if unit in (None, self.cleaned_data["unit"]) else f"{text} {unit_word(unit)}"

    def run(self, actor: Actor) -> str:
        values = self.cleaned_data
        [price] = prices_add(
            plan=values["plan"],
            new=self.new,
            effective_from=values["effective_from"],
            source=values["source"],
            actor=actor,
        )
        return gettext("%(kind)s of %(model)s is %(price)s from %(day)s at %(time)s on.") % {
            "kind": kind_word(price.kind),
            "model": price.model,
            "price": f"{price_text(price.unit_price)} {price.currency} {unit_word(price.unit)}",
            **_when(price.effective_from),
        }


def _when(moment: Any) -> dict[str, str]:
    local = timezone.localtime(moment)
    return {"day": day(local.date()), "time": f"{local:%H:%M:%S}"}


class AdoptTokens(Act):
    word = _("Adopt")
    permission = OperatorPermission.PRICES
    text = _("Quotes and holds count so from now on, for every aspect ratio. Jobs that were accepted keep theirs.")

    model = forms.CharField(widget=forms.HiddenInput, max_length=100)
    image_size = forms.CharField(widget=forms.HiddenInput, max_length=8)
    tokens = forms.IntegerField(label=_("Tokens of a picture"), min_value=1, max_value=10_000_000)
    source = forms.CharField(
        label=_("Reason"), max_length=300, initial=_("Seen in answers of the upstream"),
        help_text=_("Stands beside the version and in the audit."),
    )  # fmt: skip

    @property
    def title(self) -> str:
        values = self.data or self.initial
        return gettext("Adopt tokens of %(model)s at %(size)s") % {
            "model": str(values.get("model", ""))[:100], "size": str(values.get("image_size", ""))[:8],
        }  # fmt: skip

    def preview(self) -> Preview:
        values = self.cleaned_data
        found = tokens_adoption_preview(model=values["model"], image_size=values["image_size"], tokens=values["tokens"])
        return Preview(list(_adoption(found)))

    def run(self, actor: Actor) -> str:
        values = self.cleaned_data
        version = tokens_adopt(**values, actor=actor)
        return gettext("A picture of %(model)s at %(size)s counts as %(tokens)s tokens.") % {
            "model": version.model, "size": version.image_size, "tokens": version.tokens,
        }  # fmt: skip


def _adoption(found: TokenAdoption) -> list[Change]:
    changes = [
        Change(gettext("Tokens in a quote"), *(str(number) for number in found.tokens)),
        Change(gettext("Tokens in a hold"), *(str(number) for number in found.held)),
    ]
    if found.cost:
        changes.append(Change(gettext("Cost of a picture"), *(money(one, "USD", digits=4) for one in found.cost)))
    for row in found.prices:
        name = gettext("Quoted on %s") % row.plan.name
        now, after = (money(amount, row.plan.currency, digits=4) for amount in (row.now, row.after))
        changes.append(Change(name, now, after))
    return changes
