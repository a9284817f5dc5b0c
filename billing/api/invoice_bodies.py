"""Bodies around invoices: payments, credit notes, voids, billing profiles, legal entities."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import validate_email
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from billing.currencies import is_currency
from billing.invoices.parties import logo_check
from billing.money import AmountInvalid, amount_read
from cavendish.db import ids
from cavendish.http.body import Body, Flag, Listed, Text, Typed, Whole
from cavendish.http.problems import shown

MOST_LINES = 1000
MOST_EMAILS = 20
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)
_PREFIX = re.compile(r"(?:[A-Za-z0-9/._-]|\{year\}|\{month\}){0,24}")


class Money(Typed, serializers.CharField):
    """An amount as a string; the error says what is wrong with one that the books cannot hold."""

    takes, kinds = 'an amount as a string, like "12.50",', (str,)

    def __init__(self, *, negative: bool = False, zero: bool = False, **options: Any) -> None:
        self.negative, self.zero = negative, zero
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> Any:
        try:
            return amount_read(data, negative=self.negative, zero=self.zero)
        except AmountInvalid as wrong:
            raise ValidationError(f"{shown(data)}: {wrong}", code=wrong.code) from None


class Day(Typed, serializers.CharField):
    takes, kinds = "a date like 2026-11-30", (str,)

    def to_internal_value(self, data: Any) -> Any:
        try:
            found = date.fromisoformat(data) if len(data) == 10 else None
        except ValueError:
            found = None
        if found is None or not 2000 <= found.year < 2100:
            raise ValidationError(f"{shown(data)} is no date; write it like 2026-11-30.", code="unknown_value")
        return found


class Month(Typed, serializers.CharField):
    takes, kinds = "a month like 2026-11", (str,)

    def to_internal_value(self, data: Any) -> Any:
        return month_read(data)


def month_read(text: str) -> date:
    """The first day of "2026-11". Raises ValidationError."""
    found = _MONTH.fullmatch(text)
    if found is None:
        raise ValidationError(f"{shown(text)} is no month; write it like 2026-11.", code="unknown_value")
    return date(int(found[1]), int(found[2]), 1)


class Lines(Text):
    """A text of several lines."""

    def to_internal_value(self, data: Any) -> str:
        parts = [super(Lines, self).to_internal_value(part) for part in str(data).replace("\r\n", "\n").split("\n")]
        return "\n".join(part.strip() for part in parts).strip()


class Email(Text):
    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if value or not self.allow_blank:
            try:
                validate_email(value)
            except DjangoValidationError:
                raise ValidationError(f"{shown(value)} is no email address.", code="unknown_value") from None
        return value


class Percent(Money):
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


class EntityId(Text):
    def to_internal_value(self, data: Any) -> Any:
        found = ids.decode(ids.LEGAL_ENTITY, data)
        if found is None:
            raise ValidationError(f"{shown(data)} is no id of a legal entity (le_…).", code="unknown_value")
        return found


class Logo(Text):
    """Base64 of a PNG or a JPEG."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return logo_check(base64.b64decode(data, validate=True))
        except binascii.Error:
            raise ValidationError("The logo is no base64.", code="unknown_value") from None
        except ValueError as wrong:
            raise ValidationError(str(wrong), code="unknown_value") from None


class DraftNew(Body):
    month = Month()


class VoidBody(Body):
    reason = Text(max_length=300)


class PaymentNew(Body):
    amount = Money()
    received_on = Day()
    reference = Text(max_length=200)


class CreditLine(Body):
    number = Whole(min_value=1, max_value=1_000_000)
    amount = Money(negative=True)


class CreditNoteNew(Body):
    """Without `lines` all that is left is credited."""

    reason = Text(max_length=300)
    lines = Listed(child=CreditLine(), allow_empty=False, max_length=MOST_LINES, required=False, allow_null=True)

    def validate_lines(self, lines: list[dict[str, Any]] | None) -> dict[int, Decimal] | None:
        if lines is None:
            return None
        numbers = [line["number"] for line in lines]
        if len(set(numbers)) < len(numbers):
            raise ValidationError("A line stands here twice.", code="duplicate")
        return {line["number"]: line["amount"] for line in lines}


class SendBody(Body):
    """Without `to` it goes to whom the profile names."""

    to = Listed(child=Email(max_length=254), allow_empty=False, max_length=MOST_EMAILS, required=False)


class ProfilePatch(Body):
    """What a tenant says of itself."""

    name = Text(max_length=200, allow_blank=True)
    address = Lines(max_length=1000, allow_blank=True)
    tax_id = Text(max_length=64, allow_blank=True)
    reference = Text(max_length=100, allow_blank=True)
    emails = Listed(child=Email(max_length=254), max_length=MOST_EMAILS)


class OperatorProfilePatch(ProfilePatch):
    legal_entity_id = EntityId(allow_null=True)
    tax_rate = Percent(zero=True, allow_null=True)
    tax_label = Text(max_length=40, allow_blank=True)
    tax_note = Text(max_length=300, allow_blank=True)
    payment_terms_days = Whole(min_value=0, max_value=365)
    send_by_email = Flag()
    invoiced = Flag()


class LegalEntityBody(Body):
    name = Text(max_length=200)
    address = Lines(max_length=1000)
    tax_id = Text(max_length=64, allow_blank=True, required=False)
    email = Email(max_length=254, allow_blank=True, required=False)
    currency = Currency(required=False)
    bank_details = Lines(max_length=1000, allow_blank=True, required=False)
    footer = Text(max_length=300, allow_blank=True, required=False)
    logo = Logo(max_length=140_000, allow_null=True, required=False)
    invoice_prefix = Prefix(required=False, allow_blank=True)
    credit_note_prefix = Prefix(required=False, allow_blank=True)
    number_digits = Whole(min_value=1, max_value=12, required=False)
    is_default = Flag(required=False)
