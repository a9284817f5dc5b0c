"""To whom a tenant's invoices go, and on which terms."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.roles.operators import OperatorPermission
from billing.models import LegalEntity, TaxCategory
from billing.parties.bodies import OperatorProfilePatch
from billing.parties.services import billing_profile_of, billing_profile_update
from cavendish.above.admin.tenants.acts.base import TenantAct
from cavendish.above.ui.addresses import E_INVOICES, PARTS, AddressParts, parts_taken
from cavendish.above.ui.forms import DayField
from cavendish.above.ui.labels import label
from cavendish.above.ui.marks import words
from cavendish.http.json_body import body_checked

LINES = forms.Textarea(attrs={"rows": 3})


class BillingDetails(AddressParts, TenantAct):
    word, heading = _("Change billing details"), _("Change the billing details of %s")
    permission = OperatorPermission.MONEY
    text = _("Coming invoices say what stands here; issued ones stay as they are.")
    more = (*PARTS, "buyer_reference", "tax_category", "tax_exemption_code")
    more_word = E_INVOICES

    name = forms.CharField(label=_("Name"), max_length=200, required=False, help_text=_("Empty: the tenant's name."))
    address = forms.CharField(label=_("Address"), max_length=1000, required=False, widget=LINES)
    tax_id = forms.CharField(label=_("Tax id"), max_length=64, required=False)
    reference = forms.CharField(
        label=_("Reference"), max_length=100, required=False, help_text=_("For example a purchase order.")
    )
    emails = forms.CharField(
        label=_("Email"), required=False, widget=LINES,
        help_text=_("One address a line. Empty: owners and billing members."),
    )  # fmt: skip
    legal_entity = forms.ModelChoiceField(
        label=_("Issued by"), queryset=LegalEntity.objects.none(), required=False, empty_label=_("The default company")
    )
    tax_rate = forms.DecimalField(
        label=_("Tax, percent"), required=False, min_value=0, max_value=100, max_digits=7, decimal_places=4
    )
    tax_label = forms.CharField(label=_("Name of the tax"), max_length=40, required=False)
    tax_note = forms.CharField(
        label=_("Note on tax"), max_length=300, required=False, help_text=_("For example of a reverse charge.")
    )
    buyer_reference = forms.CharField(
        label=_("Buyer's reference"), max_length=100, required=False, help_text=_("For example a Leitweg-ID.")
    )
    tax_category = forms.ChoiceField(label=_("VAT category"), required=False)
    tax_exemption_code = forms.CharField(
        label=_("Code of the exemption"), max_length=30, required=False, help_text=_("Of the list VATEX.")
    )
    payment_terms_days = forms.IntegerField(label=_("Days to pay"), min_value=0, max_value=365)
    send_by_email = forms.BooleanField(label=_("Send invoices by mail"), required=False)
    invoiced = forms.BooleanField(label=_("Gets invoices"), required=False)
    dunning_paused_until = DayField(
        label=_("Dunning rests until"), required=False,
        help_text=_("Until this day no reminder goes out, and live keys that rest for an overdue invoice go on."),
    )  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        profile = billing_profile_of(self.tenant.id)
        entities = self.fields["legal_entity"]
        assert isinstance(entities, forms.ModelChoiceField)
        entities.queryset = LegalEntity.objects.defer("logo").order_by("name")
        category = self.fields["tax_category"]
        assert isinstance(category, forms.ChoiceField)
        category.choices = [("", "–"), *((code, f"{code} · {label(name)}") for code, name in TaxCategory.choices)]
        for name, field in self.fields.items():
            if name not in PARTS:
                field.initial = getattr(profile, name)
        self.parts_show(profile.postal_address)
        self.fields["emails"].initial = "\n".join(profile.emails)
        if profile.tax_rate is not None:
            self.fields["tax_rate"].initial = f"{profile.tax_rate:f}".rstrip("0").rstrip(".")

    def clean_address(self) -> str:
        return str(self.cleaned_data["address"]).replace("\r\n", "\n")

    def clean_emails(self) -> list[str]:
        addresses = words(self.cleaned_data["emails"])
        if len(addresses) > 20:
            raise ValidationError(gettext("At most %s addresses.") % 20)
        for address in addresses:
            validate_email(address)
        return list(dict.fromkeys(addresses))

    def run(self, actor: Actor) -> str:
        values = parts_taken(self.cleaned_data)
        own = ("postal_address", "buyer_reference", "tax_category", "tax_exemption_code")
        checked = body_checked({name: values[name] for name in own}, OperatorProfilePatch, partial=True)
        billing_profile_update(tenant_id=self.tenant.id, actor=actor, **{**values, **checked})
        return gettext("The billing details of %s are changed.") % self.tenant.name
