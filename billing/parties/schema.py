"""Shapes of billing profiles and legal entities for OpenAPI. They describe what `representation` writes."""

from __future__ import annotations

from rest_framework import serializers as s

from billing.models import TaxCategory
from cavendish.http.schema import Page

CATEGORY = "Of EN 16931: S, Z, E, AE, K, G, O; empty where it is not known."


class PostalAddress(s.Serializer[object]):
    """An address in its parts."""

    line1 = s.CharField()
    line2 = s.CharField(required=False)
    postal_code = s.CharField(required=False)
    city = s.CharField()
    region = s.CharField(required=False)
    country = s.CharField(help_text="Two letters of ISO 3166, like DE.")


class ProfilePatch(s.Serializer[object]):
    """What is left away stays."""

    name = s.CharField(required=False, help_text="Empty means the tenant's name.")
    address = s.CharField(required=False, help_text="With its lines.")
    postal_address = PostalAddress(required=False, allow_null=True, help_text="For e-invoices.")
    tax_id = s.CharField(required=False)
    reference = s.CharField(required=False, help_text="For example a purchase order; it stands on each invoice.")
    buyer_reference = s.CharField(required=False, help_text="Leads an e-invoice on, for example a Leitweg-ID.")
    emails = s.ListField(child=s.EmailField(), required=False, help_text="Empty means owners and billing members.")


class OperatorProfilePatch(ProfilePatch):
    legal_entity_id = s.CharField(required=False, allow_null=True, help_text="Null means the default one.")
    tax_rate = s.CharField(required=False, allow_null=True, help_text='Percent, like "19"; null for no tax line.')
    tax_label = s.CharField(required=False, help_text='For example "VAT".')
    tax_note = s.CharField(required=False, help_text="For example of a reverse charge.")
    tax_category = s.ChoiceField(required=False, choices=["", *TaxCategory.values], help_text=CATEGORY)
    tax_exemption_code = s.CharField(required=False, help_text="Of the list VATEX, like VATEX-EU-132.")
    payment_terms_days = s.IntegerField(required=False)
    send_by_email = s.BooleanField(required=False)
    invoiced = s.BooleanField(required=False, help_text="Off: no invoices at all.")
    dunning_paused_until = s.DateField(
        required=False, allow_null=True, help_text="Until this day, included, no reminder and no suspension follows."
    )


class BillingProfile(s.Serializer[object]):
    object = s.CharField()
    tenant_id = s.CharField()
    name = s.CharField()
    address = s.CharField()
    postal_address = PostalAddress(allow_null=True)
    tax_id = s.CharField()
    reference = s.CharField()
    buyer_reference = s.CharField()
    emails = s.ListField(child=s.CharField())
    legal_entity_id = s.CharField(allow_null=True)
    tax_rate = s.CharField(allow_null=True)
    tax_label = s.CharField()
    tax_note = s.CharField()
    tax_category = s.CharField(help_text=CATEGORY)
    tax_exemption_code = s.CharField()
    payment_terms_days = s.IntegerField()
    send_by_email = s.BooleanField()
    invoiced = s.BooleanField()
    dunning_paused_until = s.DateField(allow_null=True)


class LegalEntityPatch(s.Serializer[object]):
    """What is left away stays."""

    name = s.CharField(required=False)
    address = s.CharField(required=False)
    postal_address = PostalAddress(required=False, allow_null=True, help_text="For e-invoices.")
    tax_id = s.CharField(required=False)
    email = s.CharField(required=False)
    contact_name = s.CharField(required=False, help_text="Whom a buyer may ask; empty means the company.")
    phone = s.CharField(required=False)
    currency = s.CharField(required=False)
    tax_currency = s.CharField(required=False, help_text="In which it owes VAT, where invoices have another one.")
    iban = s.CharField(required=False, help_text="Its check digits are checked.")
    bic = s.CharField(required=False)
    bank_details = s.CharField(required=False)
    footer = s.CharField(required=False)
    logo = s.CharField(required=False, allow_null=True, help_text="Base64 of a PNG or JPEG of at most 100 kB.")
    invoice_prefix = s.CharField(required=False, help_text="May hold {year} and {month}.")
    credit_note_prefix = s.CharField(required=False)
    receipt_prefix = s.CharField(required=False)
    number_digits = s.IntegerField(required=False)
    timezone = s.CharField(required=False, help_text="Of dates of issue and of {year} and {month}; UTC without it.")
    numbers_restart = s.BooleanField(
        required=False, help_text="Numbers begin at 1 again where {year} or {month} in the prefix changes."
    )
    keeps_tax_back = s.BooleanField(
        required=False, help_text="Whether prepaid wallets keep the tax of their next invoice back; true without it."
    )
    receipts = s.BooleanField(required=False, help_text="Whether top-ups get a receipt from now on.")
    is_default = s.BooleanField(required=False)


class LegalEntityBody(LegalEntityPatch):
    name = s.CharField()
    address = s.CharField()


class LegalEntity(s.Serializer[object]):
    id = s.CharField()
    object = s.CharField()
    name = s.CharField()
    address = s.CharField()
    postal_address = PostalAddress(allow_null=True)
    tax_id = s.CharField()
    email = s.CharField()
    contact_name = s.CharField()
    phone = s.CharField()
    currency = s.CharField()
    tax_currency = s.CharField()
    iban = s.CharField()
    bic = s.CharField()
    bank_details = s.CharField()
    footer = s.CharField()
    has_logo = s.BooleanField()
    invoice_prefix = s.CharField()
    credit_note_prefix = s.CharField()
    receipt_prefix = s.CharField()
    number_digits = s.IntegerField()
    timezone = s.CharField()
    numbers_restart = s.BooleanField()
    keeps_tax_back = s.BooleanField()
    receipts = s.BooleanField()
    is_default = s.BooleanField()
    invoices_issued = s.IntegerField()
    credit_notes_issued = s.IntegerField()
    receipts_issued = s.IntegerField()
    created_at = s.DateTimeField()


class LegalEntityPage(Page):
    data = LegalEntity(many=True)


class RateBody(s.Serializer[object]):
    currency = s.CharField()
    tax_currency = s.CharField()
    rate = s.CharField(help_text="What one of `currency` is in `tax_currency`.")
    valid_from = s.DateField()
    source = s.CharField(required=False, help_text='For example "ECB".')


class ExchangeRate(RateBody):
    source = s.CharField(help_text='For example "ECB"; may be empty.')
    id = s.CharField()
    object = s.CharField()


class ExchangeRatePage(Page):
    data = ExchangeRate(many=True)
