"""Forms of the admin that change money. Each goes through a service; what it refuses stands beside its field."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.actor import Actor
from accounts.models import Tenant
from billing.budgets.bodies import BudgetDefault
from billing.charges.services import charge_refund, flagged_charge_resolve
from billing.credits.services import credit_grant
from billing.errors import ValuesInvalid
from billing.models import Charge, Kind, Plan, Tier, Unit
from billing.money import ZERO, AmountInvalid, amount_read, amount_text
from billing.plans.services import PlanTerms, plan_create, plan_version_add
from billing.prices.services import NewPrice, change_text, moment_check, prices_add, prices_preview
from billing.subscriptions.services import subscription_change
from billing.wallets.services import wallet_adjust, wallet_top_up
from cavendish.gemini.catalog import models
from cavendish.http.problems import Problem

WHEN = "UTC; as soon as possible when it is empty. A moment in the past is refused."


class AmountField(forms.CharField):
    """An amount in plain digits, to the last one."""

    def __init__(self, *, negative: bool = False, zero: bool = False, **options: Any) -> None:
        self.negative, self.zero = negative, zero
        super().__init__(**options)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return amount_read(text, negative=self.negative, zero=self.zero)
        except AmountInvalid as wrong:
            raise ValidationError(str(wrong)) from None


class TenantField(forms.CharField):
    """A tenant by its slug: a list of thousands is no choice."""

    def clean(self, value: Any) -> Any:
        slug = super().clean(value)
        tenant = Tenant.objects.filter(slug=slug).first()
        if tenant is None:
            raise ValidationError("There is no tenant of this slug.")
        return tenant


class ServiceForm(forms.Form):
    """`look` says what would change, in sentences, or nothing where there is nothing to compare; `save` does it."""

    title = ""

    def look(self) -> Sequence[str]:
        return ()

    def save(self, actor: Actor) -> str:
        raise NotImplementedError

    def refused(self, refusal: Problem) -> None:
        """Shows each error beside the field that it is about, and a refusal without errors above the form."""
        if not refusal.errors:
            self.add_error(None, refusal.detail)
        for error in refusal.errors:
            names = [name for name in error.pointer.split("/") if name in self.fields]
            self.add_error(names[-1] if names else None, error.detail)


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

    def look(self) -> Sequence[str]:
        plan: Plan | None = self.cleaned_data["plan"]
        moment, changes = prices_preview(plan=plan, new=self.new, effective_from=self.cleaned_data["effective_from"])
        said = [f"From {moment:%Y-%m-%d %H:%M:%S} UTC on, for {plan or 'the upstream'}:"]
        for change in changes:
            said.append(change_text(change, plan.currency if plan else "USD"))
            if change.until is not None:
                said.append(f"Until {change.until:%Y-%m-%d %H:%M:%S} UTC, when another price is set to begin.")
        return said

    def save(self, actor: Actor) -> str:
        values = self.cleaned_data
        [made] = prices_add(
            plan=values["plan"],
            new=self.new,
            effective_from=values["effective_from"],
            source=values["source"],
            actor=actor,
        )
        return f"Set: {made} from {made.effective_from:%Y-%m-%d %H:%M:%S} UTC on."


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
        wanted = self.cleaned_data["default_budgets"] or []
        read = BudgetDefault(data=wanted, many=True)
        if not read.is_valid():
            raise ValidationError(f"These are no budgets: {read.errors}")
        return [
            {**budget, "limit": amount_text(budget["limit"]) if budget["metric"] == "money" else int(budget["limit"])}
            for budget in read.validated_data
        ]

    @property
    def terms(self) -> dict[str, Any]:
        names = ("markup_percent", "included_images", "included_credit", "default_budgets")
        chosen = self.cleaned_data["allowed_models"]
        return {**{name: self.cleaned_data[name] for name in names}, "allowed_models": chosen or None}


class PlanForm(TermsFields):
    title = "Make a plan"

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

    def look(self) -> Sequence[str]:
        moment, errors = moment_check(self.cleaned_data["effective_from"])
        if errors:
            raise ValuesInvalid(errors)
        plan: Plan = self.cleaned_data["plan"]
        before = plan.versions.filter(effective_from__lte=moment).order_by("-effective_from").first()
        old = vars(PlanTerms.of(before) if before else PlanTerms())
        said = [f"From {moment:%Y-%m-%d %H:%M:%S} UTC on, for {plan}:"]
        said += [f"{name}: {old[name]} → {new}" for name, new in self.terms.items() if old[name] != new]
        return said if len(said) > 1 else [*said, "Nothing changes."]

    def save(self, actor: Actor) -> str:
        values = self.cleaned_data
        version = plan_version_add(
            plan=values["plan"], values=self.terms, effective_from=values["effective_from"], actor=actor
        )
        return f"{values['plan']} has new terms from {version.effective_from:%Y-%m-%d %H:%M:%S} UTC on."


class MoneyForm(ServiceForm):
    title = "Move money"

    tenant = TenantField(help_text="Its slug.")
    movement = forms.ChoiceField(
        choices=[
            ("top_up", "Top-up: money that was paid in"),
            ("credit", "Credit: money given, spent first"),
            ("adjustment", "Adjustment: gives, or takes when negative"),
        ]
    )
    amount = AmountField(negative=True)
    expires_at = forms.DateTimeField(required=False, help_text="Of a credit, UTC; empty is never.")
    reason = forms.CharField(max_length=300)

    def save(self, actor: Actor) -> str:
        values = self.cleaned_data
        tenant: Tenant = values["tenant"]
        given: dict[str, Any] = {"tenant_id": tenant.id, "amount": values["amount"], "reason": values["reason"]}
        match values["movement"]:
            case "top_up":
                wallet_top_up(**given, actor=actor)
            case "credit":
                credit_grant(**given, expires_at=values["expires_at"], actor=actor)
            case _:
                wallet_adjust(**given, actor=actor)
        return f"{values['amount']} was booked for {tenant}."


class SubscriptionForm(ServiceForm):
    title = "Move a tenant to a plan"

    tenant = TenantField(help_text="Its slug.")
    plan = forms.ModelChoiceField(Plan.objects.none())

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        plans: Any = self.fields["plan"]
        plans.queryset = Plan.objects.filter(archived_at=None).order_by("name")

    def save(self, actor: Actor) -> str:
        values = self.cleaned_data
        made = subscription_change(tenant=values["tenant"], plan=values["plan"], actor=actor)
        return f"{values['tenant']} is on {made.plan} from {made.starts_at:%Y-%m-%d %H:%M} UTC on."


class ChargeForm(ServiceForm):
    """About one charge."""

    def __init__(self, *args: Any, charge: Charge, **options: Any) -> None:
        super().__init__(*args, **options)
        self.of = {"tenant_id": charge.tenant_id, "generation_id": charge.generation_id}


class RefundForm(ChargeForm):
    title = "Give a charge back"

    amount = AmountField(required=False, help_text="Empty: all that is left of it.")
    reason = forms.CharField(max_length=300)

    def save(self, actor: Actor) -> str:
        made = charge_refund(
            **self.of, amount=self.cleaned_data["amount"], reason=self.cleaned_data["reason"], actor=actor
        )
        return f"{made.reason}: booked."


class ResolutionForm(ChargeForm):
    title = "Decide about a flagged charge"

    note = forms.CharField(max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))
    adjustment = AmountField(
        required=False, negative=True, zero=True, help_text="On the wallet: positive gives, negative takes."
    )

    def save(self, actor: Actor) -> str:
        adjustment: Decimal = self.cleaned_data["adjustment"] or ZERO
        flagged_charge_resolve(**self.of, note=self.cleaned_data["note"], adjustment=adjustment, actor=actor)
        return "The decision was noted."
