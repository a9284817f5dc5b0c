"""The companies that issue invoices, and to whom a tenant's invoices go: forms checked as the API checks its bodies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.roles.operators import OperatorPermission
from billing.models import LegalEntity
from billing.parties.bodies import LegalEntityBody
from billing.parties.services import legal_entity_create, legal_entity_update, logo_check
from cavendish.above.ui.acts import Act
from cavendish.above.ui.addresses import E_INVOICES, PARTS, AddressParts, parts_taken
from cavendish.http.json_body import Body, body_checked
from cavendish.http.problems import Problem

LINES = forms.Textarea(attrs={"rows": 3})


def body_check(form: Act, body_class: type[Body], values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values as the API would take them, and puts what is wrong with each beside its field."""
    try:
        return body_checked(dict(values), body_class, partial=True)
    except Problem as refusal:
        form.show_refusal(refusal)
        return {}


def one_newline(text: str) -> str:
    """Returns a text with the newlines of the platform; browsers send others."""
    return text.replace("\r\n", "\n")


class CompanyAct(AddressParts, Act):
    permission = OperatorPermission.MONEY
    more = (*PARTS, "contact_name", "phone", "iban", "bic", "tax_currency")
    more_word = E_INVOICES

    name = forms.CharField(label=_("Name"), max_length=200)
    address = forms.CharField(
        label=_("Address"), max_length=1000, widget=LINES, help_text=_("As it stands on the paper, with its lines.")
    )
    tax_id = forms.CharField(label=_("Tax id"), max_length=64, required=False)
    email = forms.CharField(label=_("Email"), max_length=254, required=False)
    currency = forms.CharField(
        label=_("Currency"), max_length=3, initial="USD", help_text=_("Of tenants that get no other.")
    )
    bank_details = forms.CharField(
        label=_("Bank details"), max_length=1000, widget=LINES, required=False, help_text=_("At the end of an invoice.")
    )
    iban = forms.CharField(label="IBAN", max_length=42, required=False)
    bic = forms.CharField(label="BIC", max_length=11, required=False)
    contact_name = forms.CharField(
        label=_("Contact"), max_length=100, required=False, help_text=_("Whom a buyer may ask. Empty: the company.")
    )
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    tax_currency = forms.CharField(
        label=_("Currency of VAT"), max_length=3, required=False,
        help_text=_("In which VAT is owed, where invoices are in another one."),
    )  # fmt: skip
    footer = forms.CharField(
        label=_("Footer"), max_length=300, required=False, help_text=_("Register, directors: at the foot of each page.")
    )
    invoice_prefix = forms.CharField(
        label=_("Prefix of invoices"), max_length=24, initial="INV-", required=False,
        help_text=_("May hold {year} and {month}."),
    )  # fmt: skip
    credit_note_prefix = forms.CharField(
        label=_("Prefix of credit notes"), max_length=24, initial="CN-", required=False
    )
    receipt_prefix = forms.CharField(label=_("Prefix of receipts"), max_length=24, initial="RC-", required=False)
    number_digits = forms.IntegerField(label=_("Digits of a number"), initial=6, min_value=1, max_value=12)
    numbers_restart = forms.BooleanField(
        label=_("Numbers begin at 1 again"), required=False,
        help_text=_("Where {year} or {month} in the prefix changes. Without it one counter goes on for ever."),
    )  # fmt: skip
    timezone = forms.CharField(
        label=_("Time zone"), max_length=64, initial="UTC", required=False,
        help_text=_("Of the dates on its documents."),
    )  # fmt: skip
    logo = forms.FileField(label=_("Logo"), required=False, help_text=_("PNG or JPEG of at most 100 kB."))
    keeps_tax_back = forms.BooleanField(
        label=_("Prepaid balances keep tax back"), required=False, initial=True,
        help_text=_("What is used leaves room for the tax of its invoice, so that nobody who prepaid owes it."),
    )  # fmt: skip
    receipts = forms.BooleanField(
        label=_("Top-ups get a receipt"), required=False, initial=True, help_text=_("Those from now on.")
    )
    is_default = forms.BooleanField(
        label=_("Issues for tenants that name no other"), required=False, help_text=_("There is one such company.")
    )

    def clean_logo(self) -> bytes | None:
        file = self.cleaned_data["logo"]
        if file is None:
            return None
        try:
            return logo_check(file.read())
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        logo = values.pop("logo", None)
        values["timezone"] = values.get("timezone") or "UTC"
        texts = {name: one_newline(value) if isinstance(value, str) else value for name, value in values.items()}
        checked = body_check(self, LegalEntityBody, parts_taken(texts))
        return {**checked, "logo": logo} if logo else checked


class NewCompany(CompanyAct):
    word = _("New company")

    def run(self, actor: Actor) -> str:
        entity = legal_entity_create(actor=actor, **self.cleaned_data)
        return gettext("%s can issue invoices.") % entity.name


class ChangeCompany(CompanyAct):
    word = _("Change")
    text = _("What is issued stays as it was; coming invoices say what stands here.")

    def __init__(self, *args: Any, entity: LegalEntity, **options: Any) -> None:
        self.entity = entity
        super().__init__(*args, **options)
        for name, field in self.fields.items():
            if name not in {"logo", "receipts", *PARTS}:
                field.initial = getattr(entity, name)
        self.fields["receipts"].initial = entity.receipts_from is not None
        self.parts_show(entity.postal_address)

    @property
    def title(self) -> str:
        return gettext("Change %s") % self.entity.name

    def run(self, actor: Actor) -> str:
        legal_entity_update(legal_entity_id=self.entity.id, actor=actor, **self.cleaned_data)
        return gettext("%s is changed.").replace("%s", self.cleaned_data["name"])
