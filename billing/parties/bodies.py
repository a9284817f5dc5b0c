"""Bodies that change billing profiles and legal entities."""

from __future__ import annotations

import base64
import binascii
import re
from decimal import Decimal
from typing import Any

from rest_framework.exceptions import ValidationError

from accounts.roles.checks import check_time_zone
from billing.currencies import is_currency
from billing.fields import MOST_EMAILS, Day, Email, Lines, Money
from billing.models import TaxCategory
from billing.parties.fields import Bic, ExemptionCode, Iban, PostalAddress
from billing.parties.services import logo_check
from cavendish.db import ids
from cavendish.http.json_body import Body, Choice, Flag, Listed, Text, WholeNumber
from cavendish.http.problems import shown

_PREFIX = re.compile(r"(?:[A-Za-z0-9/._-]|\{year\}|\{month\}){0,24}")


class TaxPercent(Money):
    def to_internal_value(self, data: Any) -> Any:
        value: Decimal = super().to_internal_value(data)
        if value > 100 or value != round(value, 4):
            raise ValidationError(f"{shown(data)} is no percentage from 0 to 100.", code="out_of_range")
        return value


class Currency(Text):
    def to_internal_value(self, data: Any) -> str:
        if not is_currency(data):
            raise ValidationError(f"{shown(data)} is no currency of ISO 4217, like EUR.", code="unknown_value")
        return str(data)


class Prefix(Text):
    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if not _PREFIX.fullmatch(value) or len(value) > 24:
            raise ValidationError(
                "A prefix has up to 24 letters, digits, . _ - and /, and may hold {year} and {month}.",
                code="unknown_value",
            )
        return value


class TimeZone(Text):
    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        for error in check_time_zone(value):
            raise ValidationError(error.detail, code=error.code)
        return value


class EntityId(Text):
    def to_internal_value(self, data: Any) -> Any:
        legal_entity_id = ids.decode(ids.LEGAL_ENTITY, data)
        if legal_entity_id is None:
            raise ValidationError(f"{shown(data)} is no id of a legal entity (le_…).", code="unknown_value")
        return legal_entity_id


class Logo(Text):
    """Base64 of a PNG or a JPEG."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return logo_check(base64.b64decode(data, validate=True))
        except binascii.Error:
            raise ValidationError("The logo is no base64.", code="unknown_value") from None
        except ValueError as error:
            raise ValidationError(str(error), code="unknown_value") from None


class ProfilePatch(Body):
    """The part of a billing profile that the tenant writes."""

    name = Text(max_length=200, allow_blank=True)
    address = Lines(max_length=1000, allow_blank=True)
    postal_address = PostalAddress(allow_null=True)
    tax_id = Text(max_length=64, allow_blank=True)
    reference = Text(max_length=100, allow_blank=True)
    buyer_reference = Text(max_length=100, allow_blank=True)
    emails = Listed(child=Email(max_length=254), max_length=MOST_EMAILS)


class OperatorProfilePatch(ProfilePatch):
    legal_entity_id = EntityId(allow_null=True)
    tax_rate = TaxPercent(zero=True, allow_null=True)
    tax_label = Text(max_length=40, allow_blank=True)
    tax_note = Text(max_length=300, allow_blank=True)
    tax_category = Choice(choices=["", *TaxCategory.values])
    tax_exemption_code = ExemptionCode(max_length=30, allow_blank=True)
    payment_terms_days = WholeNumber(min_value=0, max_value=365)
    send_by_email = Flag()
    invoiced = Flag()
    dunning_paused_until = Day(allow_null=True)


class LegalEntityBody(Body):
    name = Text(max_length=200)
    address = Lines(max_length=1000)
    postal_address = PostalAddress(allow_null=True, required=False)
    tax_id = Text(max_length=64, allow_blank=True, required=False)
    email = Email(max_length=254, allow_blank=True, required=False)
    contact_name = Text(max_length=100, allow_blank=True, required=False)
    phone = Text(max_length=40, allow_blank=True, required=False)
    currency = Currency(required=False)
    tax_currency = Currency(allow_blank=True, required=False)
    iban = Iban(max_length=42, allow_blank=True, required=False)
    bic = Bic(max_length=11, allow_blank=True, required=False)
    bank_details = Lines(max_length=1000, allow_blank=True, required=False)
    footer = Text(max_length=300, allow_blank=True, required=False)
    logo = Logo(max_length=140_000, allow_null=True, required=False)
    invoice_prefix = Prefix(required=False, allow_blank=True)
    credit_note_prefix = Prefix(required=False, allow_blank=True)
    receipt_prefix = Prefix(required=False, allow_blank=True)
    number_digits = WholeNumber(min_value=1, max_value=12, required=False)
    timezone = TimeZone(max_length=64, required=False)
    numbers_restart = Flag(required=False)
    keeps_tax_back = Flag(required=False)
    receipts = Flag(required=False)
    is_default = Flag(required=False)
