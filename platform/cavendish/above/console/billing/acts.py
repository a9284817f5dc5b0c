"""Acts of billing: the details of invoices, the mail of a low balance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from billing.models import BillingProfile, Wallet
from billing.parties.bodies import ProfilePatch
from billing.parties.services import billing_profile_update
from billing.wallets.services import wallet_threshold_set
from cavendish.above.console.billing.money import LIVE
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.acts import Act, Change, Preview
from cavendish.above.ui.addresses import E_INVOICES, PARTS, AddressParts, parts_taken
from cavendish.above.ui.formats import money
from cavendish.above.ui.forms import AmountField
from cavendish.http.json_body import body_checked

FIELDS = ("name", "address", "tax_id", "reference", "emails", "buyer_reference")


class ChangeDetails(AddressParts, Act):
    word = _("Save")
    text = _("They stand on invoices from now on; issued ones stay as they are.")
    more = (*PARTS, "buyer_reference")
    more_word = E_INVOICES

    name = forms.CharField(label=_("Company"), max_length=200, required=False)
    address = forms.CharField(
        label=_("Address"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    tax_id = forms.CharField(label=_("VAT ID"), max_length=64, required=False)
    reference = forms.CharField(
        label=_("Your reference"), max_length=100, required=False, help_text=_("A purchase order, for example.")
    )
    emails = forms.CharField(
        label=_("Invoices go to"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Email addresses, one a line. Empty: owners and members who do billing."),
    )

    buyer_reference = forms.CharField(
        label=_("Buyer's reference"),
        max_length=100,
        required=False,
        help_text=_("It leads an e-invoice on: a Leitweg-ID, for example."),
    )

    def __init__(self, *args: Any, work: Workplace, profile: BillingProfile, **options: Any) -> None:
        self.work, self.profile = work, profile
        super().__init__(*args, **options)
        for name in FIELDS:
            value = getattr(profile, name)
            self.fields[name].initial = "\n".join(value) if name == "emails" else value
        self.parts_show(profile.postal_address)

    @property
    def title(self) -> str:
        return gettext("Billing details")

    def _checked(self) -> dict[str, Any]:
        values = {name: self.cleaned_data[name] for name in FIELDS}
        lines = values["emails"].replace(",", "\n").replace(";", "\n").splitlines()
        values["emails"] = [line.strip() for line in lines if line.strip()]
        parts = parts_taken(self.cleaned_data)["postal_address"]
        return body_checked({**values, "postal_address": parts}, ProfilePatch, partial=True)

    def preview(self) -> Preview:
        after = self._checked()
        names: dict[str, Any] = {name: self.fields[name].label for name in FIELDS}
        changes = [Change(str(names[name]), _text(getattr(self.profile, name)), _text(after[name])) for name in FIELDS]
        parts = Change(str(E_INVOICES), _parts_text(self.profile.postal_address), _parts_text(after["postal_address"]))
        return Preview([change for change in (*changes, parts) if change.differs])

    def run(self, actor: Actor) -> str:
        values = self._checked()
        with self.work.reading():
            billing_profile_update(tenant_id=self.work.tenant_id, actor=actor, **values)
        return gettext("The billing details were saved.")


def _parts_text(address: Mapping[str, str] | None) -> str:
    return ", ".join(filter(None, (address or {}).values())) or "–"


def _text(value: str | Sequence[str]) -> str:
    text = value if isinstance(value, str) else ", ".join(value)
    return text.replace("\n", ", ") or "–"


class WarnBelow(Act):
    word = _("Save")
    text = _("Owners and members who do billing get one mail when the balance falls below it.")

    threshold = AmountField(label=_("Warn below"), required=False, zero=True, help_text=_("Empty: never."))

    def __init__(self, *args: Any, wallet: Wallet, **options: Any) -> None:
        self.wallet = wallet
        super().__init__(*args, **options)
        now = wallet.low_balance_threshold
        self.fields["threshold"].initial = money(now) if now is not None else ""

    @property
    def title(self) -> str:
        return gettext("Mail of a low balance")

    def preview(self) -> Preview:
        now, after = self.wallet.low_balance_threshold, self.cleaned_data["threshold"]
        texts = [gettext("never") if value is None else money(value, self.wallet.currency) for value in (now, after)]
        return Preview([Change(gettext("Warn below"), *texts)])

    def run(self, actor: Actor) -> str:
        threshold = self.cleaned_data["threshold"]
        wallet_threshold_set(tenant_id=self.wallet.tenant_id, threshold=threshold, actor=actor, livemode=LIVE)
        return gettext("Saved.")
