"""Acts of paying through the provider: a top-up, the automatic top-up, saved methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from billing.auto_top_ups.services import auto_top_up_update
from billing.models import AutoTopUp, PaymentMethod, ProviderPayment, Wallet
from billing.payment_methods.services import (
    payment_method_default,
    payment_method_remove,
    payment_methods_page,
)
from billing.provider_payments.services import top_up_begin
from billing.providers.errors import PaymentRefused
from cavendish.above.console.pay.leading import led_to_provider
from cavendish.above.ui.acts import Act, Change, Preview
from cavendish.above.ui.formats import money
from cavendish.above.ui.forms import AmountField
from cavendish.above.ui.marks import facts
from cavendish.above.ui.payments import method_text

ANOTHER = "another"
Status = ProviderPayment.Status


class TopUp(Act):
    word = _("Top up")
    text = _("The balance has the money as soon as the provider says that it came; a bank debit takes days.")

    amount = AmountField()
    method = forms.ChoiceField(label=_("Pay by"))

    def __init__(
        self, *args: Any, request: HttpRequest, wallet: Wallet, methods: Sequence[PaymentMethod], **options: Any
    ) -> None:
        self.request, self.wallet, self.methods = request, wallet, methods
        super().__init__(*args, **options)
        self.fields["amount"].label = gettext("Amount, %s") % wallet.currency
        saved = [(method.id.hex, method_text(method)) for method in methods]
        choice = self.fields["method"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [*saved, (ANOTHER, gettext("Another card or bank account"))]

    def button(self) -> str:
        amount = getattr(self, "cleaned_data", {}).get("amount")
        return f"{self.word} {money(amount, self.wallet.currency)}" if amount else str(self.word)

    def run(self, actor: Actor) -> str | HttpResponse:
        chosen = self.cleaned_data["method"]
        row = top_up_begin(
            tenant_id=self.wallet.tenant_id,
            amount=self.cleaned_data["amount"],
            method_id=None if chosen == ANOTHER else UUID(hex=chosen),
            hosted=chosen == ANOTHER,
            actor=actor,
        )
        if row.status == Status.FAILED:
            raise PaymentRefused("payment_failed", row.failure_message or row.failure_code)
        if row.hosted_url and row.status == Status.REQUIRES_ACTION:
            return led_to_provider(self.request, row.hosted_url)
        amount = money(row.amount, row.currency)
        if row.status == Status.SUCCEEDED:
            return gettext("%s were added to the balance.") % amount
        return gettext("The payment of %s is under way. The balance has it when it has come.") % amount


class ChangeAutoTopUp(Act):
    word = _("Save")
    text = _("When less than the first amount is free to spend, the second is added by the default payment method.")

    enabled = forms.BooleanField(label=_("Top up automatically"), required=False)
    threshold = AmountField(label=_("When less is left than"), zero=True)
    amount = AmountField(label=_("Add"))
    monthly_limit = AmountField(label=_("At most in a month"), required=False, help_text=_("Empty: without a limit."))

    def __init__(self, *args: Any, wallet: Wallet, terms: AutoTopUp, **options: Any) -> None:
        self.wallet, self.terms = wallet, terms
        super().__init__(*args, **options)
        self.fields["enabled"].initial = terms.enabled
        for name in ("threshold", "amount", "monthly_limit"):
            value = getattr(terms, name)
            self.fields[name].initial = money(value) if value else ""
            self.fields[name].label = facts(self.fields[name].label, wallet.currency)

    @property
    def title(self) -> str:
        return gettext("Automatic top-up")

    def preview(self) -> Preview:
        def text(value: Any) -> str:
            if isinstance(value, bool):
                return gettext("on") if value else gettext("off")
            return gettext("no limit") if value is None else money(value, self.wallet.currency)

        return Preview(
            [
                Change(str(self.fields[name].label), text(getattr(self.terms, name)), text(self.cleaned_data[name]))
                for name in ("enabled", "threshold", "amount", "monthly_limit")
            ]
        )

    def run(self, actor: Actor) -> str:
        auto_top_up_update(tenant_id=self.wallet.tenant_id, actor=actor, **self.cleaned_data)
        return gettext("Saved.")


class AddMethod(Act):
    word = _("Add payment method")
    text = _("You enter the card or account on the provider's page. Its numbers never reach this platform.")

    def __init__(self, *args: Any, request: HttpRequest, tenant_id: UUID, **options: Any) -> None:
        self.request, self.tenant_id = request, tenant_id
        super().__init__(*args, **options)

    def run(self, actor: Actor) -> HttpResponse:
        return led_to_provider(self.request, payment_methods_page(tenant_id=self.tenant_id, actor=actor).url)


class MethodAct(Act):
    """What is done to one saved method."""

    def __init__(self, *args: Any, method: PaymentMethod, **options: Any) -> None:
        self.method = method
        super().__init__(*args, **options)


class MakeDefault(MethodAct):
    word = _("Make default")
    text = _("Automatic top-ups and invoices are paid by it from now on.")

    @property
    def title(self) -> str:
        return gettext("Pay by %s") % method_text(self.method)

    def run(self, actor: Actor) -> str:
        payment_method_default(tenant_id=self.method.tenant_id, method_id=self.method.id, actor=actor)
        return gettext("Saved.")


class RemoveMethod(MethodAct):
    word = _("Remove")
    danger = True
    text = _("The newest that is left becomes the default. Without one, nothing is topped up automatically.")

    @property
    def title(self) -> str:
        return gettext("Remove %s") % method_text(self.method)

    def run(self, actor: Actor) -> str:
        payment_method_remove(tenant_id=self.method.tenant_id, method_id=self.method.id, actor=actor)
        return gettext("The payment method was removed.")


METHOD_ACTS: dict[str, type[MethodAct]] = {"default": MakeDefault, "remove": RemoveMethod}
