"""What operators decide about money of the provider that is not in the books."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from billing.models import ProviderEvent, ProviderPayment
from billing.provider_payments.decisions import (
    payment_retry,
    payment_set_aside,
    provider_event_retry,
    provider_event_set_aside,
)
from billing.provider_payments.troubles import payment_owed
from cavendish.above.ui import formats
from cavendish.above.ui.acts import MAX_REASON_CHARS, Act, Change, Preview
from cavendish.above.ui.labels import label


class EventTryAgain(Act):
    word = _("Try again")
    text = _("It is acted on within seconds instead of when it is due.")

    def __init__(self, *args: Any, event: ProviderEvent, **options: Any) -> None:
        self.event = event
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        return gettext("Try %s again") % self.event.type

    def run(self, actor: Actor) -> str:
        provider_event_retry(event_id=self.event.id, actor=actor)
        return gettext("The event is tried again.")


class SetAsideForm(Act):
    note = forms.CharField(
        label=_("Why"),
        max_length=MAX_REASON_CHARS,
        help_text=_("Stands here, and in the audit log, which the tenant reads, too."),
    )


class EventSetAside(SetAsideForm):
    word = _("Set aside")
    text = _("The platform does nothing more about this event, and counts it no longer. Its payment stays as it is.")

    def __init__(self, *args: Any, event: ProviderEvent, **options: Any) -> None:
        self.event = event
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        return gettext("Set %s aside") % self.event.type

    def run(self, actor: Actor) -> str:
        provider_event_set_aside(event_id=self.event.id, note=self.cleaned_data["note"], actor=actor)
        return gettext("The event is set aside.")


class PaymentAct(Act):
    def __init__(self, *args: Any, payment: ProviderPayment, **options: Any) -> None:
        self.payment = payment
        super().__init__(*args, **options)

    @property
    def name(self) -> str:
        return formats.money(self.payment.amount, self.payment.currency)


class PaymentTryAgain(PaymentAct):
    word = _("Try again")
    text = _("The provider is asked for it within seconds instead of when it is due, and what it says is booked.")

    @property
    def title(self) -> str:
        return gettext("Try the payment of %s again") % self.name

    def run(self, actor: Actor) -> str:
        payment_retry(payment_id=self.payment.id, actor=actor)
        return gettext("The provider is asked again.")


class PaymentSetAside(PaymentAct, SetAsideForm):
    """Closes an open payment, keeps what came out of the books, or waives what is owed: whichever is left to decide."""

    word = _("Set aside")

    @property
    def owed(self) -> Decimal:
        return payment_owed(self.payment)

    @property
    def text(self) -> str | Promise:  # type: ignore[override]
        if self.owed > 0:
            return _("What is owed is not taken from the balance any more, whatever comes. Ask for it by other means.")
        if self.payment.came is not None:
            return _(
                "What came is never booked by itself. Book it by hand first, as a top-up or at its invoice, or give it "
                "back at the provider."
            )
        return _("It is ended here, and at the provider where that goes. Money that comes all the same is booked.")

    @property
    def title(self) -> str:
        return gettext("Set the payment of %s aside") % self.name

    def preview(self) -> Preview:
        row, dash = self.payment, "–"
        state = label(row.get_status_display())
        is_open = row.status in ProviderPayment.OPEN
        after = label(ProviderPayment.Status.FAILED.label) if is_open else state
        changes = [Change(gettext("State"), state, after)]
        if self.owed > 0:
            changes.append(Change(gettext("Owed"), formats.money(self.owed, row.currency), dash))
        if row.came is not None:
            came = formats.money(row.came, row.came_currency)
            changes.append(Change(gettext("Came, not booked"), came, gettext("set aside")))
        notes = []
        if row.invoice_id is not None and is_open:
            notes.append(gettext("Its invoice is open again: what is left of it is asked for unless it is recorded."))
        if is_open:
            notes.append(gettext("The tenant sees that it failed, and gets the event payment.failed."))
        return Preview(changes, notes)

    def run(self, actor: Actor) -> str:
        payment_set_aside(payment_id=self.payment.id, note=self.cleaned_data["note"], actor=actor)
        return gettext("The payment is set aside.")
