"""What is decided about one charge: a refund, or what a flag means. Each shows all that it is made from."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.roles.operators import OperatorPermission
from billing.charges.selectors import ChargeInSight
from billing.charges.services import charge_refund, flagged_charge_resolve
from billing.money import ZERO
from cavendish.above.admin.bookings import BookingAct, Subject
from cavendish.above.ui.formats import MONEY_IN_FULL, count, money, short_id
from cavendish.above.ui.forms import AmountField
from cavendish.above.ui.words import kind_word, unit_word
from cavendish.db import ids


@dataclass(frozen=True)
class SightLine:
    """A line of the charge: what was used, what a unit cost, what that comes to."""

    name: str
    quantity: str
    unit_price: str
    amount: Decimal


def sight_lines(sight: ChargeInSight) -> list[SightLine]:
    """Returns the lines of a charge, which sum to its amount; none where it was not charged."""
    return [
        SightLine(
            kind_word(line["kind"]),
            count(line["quantity"]),
            f"{money(Decimal(line['unit_price']), digits=4)} {unit_word(line['unit'])}",
            Decimal(line["amount"]),
        )
        for line in sight.charge.lines
    ]


class ChargeAct(BookingAct):
    """`heading` has the job's short id as `%s`."""

    permission = OperatorPermission.MONEY
    heading: ClassVar[str | Promise] = ""
    digits = MONEY_IN_FULL
    always = ("wallet.balance", "wallet.free")

    def __init__(self, *args: Any, sight: ChargeInSight, **options: Any) -> None:
        self.sight = sight
        super().__init__(*args, **options)
        if "amount" in self.fields:
            self.fields["amount"].label = gettext("Amount, %s") % sight.charge.currency

    @property
    def title(self) -> str:
        return str(self.heading) % short_id(ids.encode(ids.GENERATION, self.sight.charge.generation_id))

    def subject(self) -> Subject:
        charge = self.sight.charge
        return Subject(charge.tenant_id, charge.livemode, generation_id=charge.generation_id)


class Refund(ChargeAct):
    word, heading = _("Refund"), _("Refund %s")
    text = _("It goes back to where it came from: paid money first, then credits.")

    amount = AmountField(required=False, help_text=_("Empty: all that is left of the charge."))
    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("Stands in the audit and on the tenant's statement.")
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        left = money(self.sight.left, digits=MONEY_IN_FULL).rstrip("0").rstrip(".")
        self.fields["amount"].widget.attrs["placeholder"] = left

    def _amount(self) -> Decimal | None:
        amount: Decimal | None = getattr(self, "cleaned_data", {}).get("amount")
        return amount

    def button(self) -> str:
        amount = self._amount() or self.sight.left
        return gettext("Refund %s") % money(amount, self.sight.charge.currency, digits=4) if amount else str(self.word)

    def book(self, actor: Actor) -> object:
        charge = self.sight.charge
        return charge_refund(
            tenant_id=charge.tenant_id,
            generation_id=charge.generation_id,
            amount=self._amount(),
            reason=self.cleaned_data["reason"],
            actor=actor,
        )

    def run(self, actor: Actor) -> str:
        amount = self._amount() or self.sight.left
        self.book(actor)
        return gettext("%(amount)s went back to %(tenant)s.") % {
            "amount": money(amount, self.sight.charge.currency, digits=4), "tenant": self.sight.tenant.name,
        }  # fmt: skip


class Resolve(ChargeAct):
    word, heading = _("Resolve"), _("Resolve the flagged charge of %s")
    text = _("A flagged charge is decided once. A correction is booked on the wallet, and is on the next invoice.")

    amount = AmountField(
        required=False, negative=True, zero=True,
        help_text=_("A correction: positive gives, negative takes. Empty: the charge stays as it is."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Why it is right so. Stands in the audit."),
    )  # fmt: skip
    field_order = ("reason", "amount")

    def _amount(self) -> Decimal:
        amount: Decimal | None = getattr(self, "cleaned_data", {}).get("amount")
        return amount or ZERO

    def button(self) -> str:
        amount = self._amount()
        if not amount:
            return str(self.word)
        return gettext("Resolve and book %s") % money(amount, self.sight.charge.currency, digits=4, plus=True)

    def book(self, actor: Actor) -> object:
        charge = self.sight.charge
        return flagged_charge_resolve(
            tenant_id=charge.tenant_id,
            generation_id=charge.generation_id,
            note=self.cleaned_data["reason"],
            adjustment=self._amount(),
            actor=actor,
        )

    def run(self, actor: Actor) -> str:
        self.book(actor)
        return gettext("The flagged charge of %s is decided.") % self.sight.tenant.name


ACTS: dict[str, type[ChargeAct]] = {"resolve": Resolve, "refund": Refund}
