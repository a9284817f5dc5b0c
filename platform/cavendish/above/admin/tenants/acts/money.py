"""Top-up, credit, adjustment, credit limit, plan. Each shows the wallet before and after, before anything is booked."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.roles.operators import OperatorPermission
from billing.budgets.selectors import budgets_listed
from billing.credits.services import credit_grant
from billing.ledger.selectors import top_up_left
from billing.models import Budget, LedgerTransaction, Plan, Wallet
from billing.money import price_text
from billing.subscriptions.selectors import subscription_next, subscription_now
from billing.subscriptions.services import subscription_change
from billing.wallets.selectors import wallet_of
from billing.wallets.services import (
    top_up_reverse,
    wallet_adjust,
    wallet_credit_limit_set,
    wallet_pay_out,
    wallet_top_up,
)
from cavendish.above.admin.bookings import BookingAct, Subject
from cavendish.above.admin.tenants.acts.base import TenantAct
from cavendish.above.ui.acts import Change, Preview
from cavendish.above.ui.formats import day, money
from cavendish.above.ui.forms import AmountField, DayField
from cavendish.above.ui.marks import in_brackets


class WalletAct(BookingAct, TenantAct):
    """An act that moves money on the live wallet."""

    permission = OperatorPermission.MONEY

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        wallet = wallet_of(tenant_id=self.tenant.id, livemode=True)
        assert wallet is not None, "every tenant is opened with its wallets"
        self.wallet: Wallet = wallet
        if "amount" in self.fields:
            self.fields["amount"].label = gettext("Amount, %s") % wallet.currency

    def subject(self) -> Subject:
        return Subject(self.tenant.id)

    def button(self) -> str:
        amount = getattr(self, "cleaned_data", {}).get("amount")
        return f"{self.word} {money(amount, self.wallet.currency)}" if amount else str(self.word)


class TopUp(WalletAct):
    word, heading = _("Top up"), _("Top up %s")

    amount = AmountField()
    reference = forms.CharField(
        label=_("Reference"), max_length=100, required=False,
        help_text=_("Of the bank or the receipt. A reference is booked once."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("Stands in the audit and on the tenant's statement.")
    )

    def notes(self) -> list[str]:
        budget = budgets_listed(tenant_id=self.tenant.id, livemode=True).filter(
            scope=Budget.Scope.TENANT, period=Budget.Period.MONTH, metric=Budget.Metric.MONEY, hard=True
        ).first()  # fmt: skip
        if budget is None:
            return []
        limit = money(budget.limit, self.wallet.currency)
        return [gettext("The month's budget of %s stays: a top-up alone does not lift it.") % limit]

    def book(self, actor: Actor) -> object:
        values = self.cleaned_data
        return wallet_top_up(
            tenant_id=self.tenant.id,
            amount=values["amount"],
            reason=values["reason"],
            reference=values["reference"],
            actor=actor,
        )

    def run(self, actor: Actor) -> str:
        self.book(actor)
        return gettext("%(amount)s booked to %(tenant)s.") % {
            "amount": money(self.cleaned_data["amount"], self.wallet.currency), "tenant": self.tenant.name,
        }  # fmt: skip


class ReverseTopUp(WalletAct):
    word, heading = _("Reverse"), _("Reverse a top-up of %s")
    danger = True
    text = _(
        "For a top-up that was mistyped, or that the bank took back. It is no sale: no invoice shows it. "
        "What was spent of it already is owed, within the credit limit."
    )

    amount = AmountField()
    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("Stands in the audit and on the tenant's statement.")
    )

    def __init__(self, *args: Any, item: LedgerTransaction, **options: Any) -> None:
        self.top_up = item
        super().__init__(*args, **options)
        self.fields["amount"].initial = price_text(top_up_left(item))

    def subject(self) -> Subject:
        return Subject(self.tenant.id, livemode=self.top_up.livemode)

    def notes(self) -> list[str]:
        left = money(top_up_left(self.top_up), self.wallet.currency)
        return [gettext("%s of this top-up was not taken back yet.") % left]

    def book(self, actor: Actor) -> object:
        values = self.cleaned_data
        return top_up_reverse(
            tenant_id=self.tenant.id,
            transaction_id=self.top_up.id,
            amount=values["amount"],
            reason=values["reason"],
            actor=actor,
        )

    def run(self, actor: Actor) -> str:
        self.book(actor)
        return gettext("%s of the top-up taken back.") % money(self.cleaned_data["amount"], self.wallet.currency)


class PayOut(WalletAct):
    word, heading = _("Pay out"), _("Pay money back to %s")
    text = _(
        "Books money that was sent back to the tenant's bank: of what was paid in and is free. "
        "It is no sale: no invoice shows it. The transfer itself is made at your bank."
    )

    amount = AmountField()
    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("Stands in the audit and on the tenant's statement.")
    )

    def book(self, actor: Actor) -> object:
        values = self.cleaned_data
        return wallet_pay_out(tenant_id=self.tenant.id, amount=values["amount"], reason=values["reason"], actor=actor)

    def run(self, actor: Actor) -> str:
        self.book(actor)
        return gettext("%(amount)s paid out to %(tenant)s.") % {
            "amount": money(self.cleaned_data["amount"], self.wallet.currency), "tenant": self.tenant.name,
        }  # fmt: skip


class Credit(WalletAct):
    word, heading = _("Credit"), _("Give %s credit")
    text = _("Money given, not paid: spent before the balance, on no invoice as a payment.")

    amount = AmountField()
    expires_on = DayField(
        label=_("Expires on"), required=False, help_text=_("At the end of that day in UTC; empty: never.")
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("Stands in the audit and on the statement.")
    )

    def book(self, actor: Actor) -> object:
        values, expires_at = self.cleaned_data, None
        if values["expires_on"]:
            expires_at = datetime.combine(values["expires_on"], time.max, tzinfo=UTC)
        return credit_grant(
            tenant_id=self.tenant.id,
            amount=values["amount"],
            expires_at=expires_at,
            reason=values["reason"],
            actor=actor,
        )

    def run(self, actor: Actor) -> str:
        self.book(actor)
        return gettext("%s of credit given.") % money(self.cleaned_data["amount"], self.wallet.currency)


class Adjust(WalletAct):
    word, heading = _("Adjust"), _("Adjust the balance of %s")
    text = _(
        "A correction of price: positive gives, negative takes, but nothing that is held. It stands on the invoice."
    )

    amount = AmountField(negative=True)
    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Stands in the audit and on the invoice."))

    def book(self, actor: Actor) -> object:
        values = self.cleaned_data
        return wallet_adjust(tenant_id=self.tenant.id, amount=values["amount"], reason=values["reason"], actor=actor)

    def run(self, actor: Actor) -> str:
        self.book(actor)
        return gettext("Balance adjusted by %s.") % money(self.cleaned_data["amount"], self.wallet.currency, plus=True)


class CreditLimit(WalletAct):
    word, heading = _("Change credit limit"), _("Change the credit limit of %s")
    text = _("How far the balance may fall below zero: what a tenant that pays by invoice may owe.")

    credit_limit = AmountField(label=_("Credit limit"), zero=True)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["credit_limit"].initial = money(self.wallet.credit_limit)

    def book(self, actor: Actor) -> object:
        limit = self.cleaned_data["credit_limit"]
        return wallet_credit_limit_set(tenant_id=self.tenant.id, credit_limit=limit, actor=actor)

    def run(self, actor: Actor) -> str:
        self.book(actor)
        return gettext("The credit limit is %s.") % money(self.cleaned_data["credit_limit"], self.wallet.currency)


class PlanField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Plan) -> str:
        return in_brackets(obj.name, obj.currency)


class ChangePlan(TenantAct):
    word, heading = _("Change plan"), _("Change the plan of %s")
    permission = OperatorPermission.MONEY
    text = _("The new plan begins with the tenant's next month; one in another currency at once, if nothing is owed.")

    plan = PlanField(label=_("Plan"), queryset=Plan.objects.none(), to_field_name="slug", empty_label=None)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["plan"]
        assert isinstance(field, PlanField)
        field.queryset = Plan.objects.order_by("name")
        now = subscription_now(tenant_id=self.tenant.id)
        field.initial = now.plan.slug if now else None

    def preview(self) -> Preview:
        now, waiting = subscription_now(tenant_id=self.tenant.id), subscription_next(tenant_id=self.tenant.id)
        notes = [gettext("%s waits to begin and is replaced.") % waiting.plan.name] if waiting else []
        return Preview([Change(gettext("Plan"), now.plan.name if now else "–", self.cleaned_data["plan"].name)], notes)

    def run(self, actor: Actor) -> str:
        subscription = subscription_change(tenant=self.tenant, plan=self.cleaned_data["plan"], actor=actor)
        starts = day(timezone.localdate(subscription.starts_at))
        return gettext("%(plan)s begins on %(day)s.") % {"plan": subscription.plan.name, "day": starts}
