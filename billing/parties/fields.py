"""Fields of who issues and who receives: addresses in parts, bank accounts, categories of VAT."""

from __future__ import annotations

import re
from typing import Any

from rest_framework.exceptions import ErrorDetail, ValidationError

from billing.countries import COUNTRIES
from cavendish.http.json_body import Body, Text
from cavendish.http.problems import shown

ADDRESS_PARTS = ("line1", "line2", "postal_code", "city", "region", "country")
REQUIRED_PARTS = ("line1", "city", "country")
# Kosovo's accounts begin with a code that ISO 3166 leaves to users.
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_IBAN_COUNTRIES = COUNTRIES | {"XK"}
_BIC = re.compile(r"[A-Z0-9]{4}([A-Z]{2})[A-Z0-9]{2}([A-Z0-9]{3})?")
_VATEX = re.compile(r"VATEX-[A-Z]{2}-[A-Z0-9]+(-[A-Z0-9]+)*")


class Country(Text):
    def to_internal_value(self, data: Any) -> str:
        if data not in COUNTRIES:
            hint = f"did you mean {data.upper()}?" if data.upper() in COUNTRIES else "use two letters, like DE."
            raise ValidationError(f"{shown(data)} is no country code of ISO 3166; {hint}", code="unknown_value")
        return str(data)


class PostalAddress(Body):
    """An address in its parts. A part that is not given is empty."""

    line1 = Text(max_length=100)
    line2 = Text(max_length=100, allow_blank=True, default="")
    postal_code = Text(max_length=20, allow_blank=True, default="")
    city = Text(max_length=100)
    region = Text(max_length=100, allow_blank=True, default="")
    country = Country(max_length=2)

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        # Of a PATCH no field is required, but an address comes whole.
        missing = {name: [ErrorDetail("This part is required.", "required")] for name in REQUIRED_PARTS}
        missing = {name: errors for name, errors in missing.items() if not values.get(name)}
        if missing:
            raise ValidationError(missing)
        return {name: values.get(name, "") for name in ADDRESS_PARTS}


class Iban(Text):
    """Kept without blanks."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data).replace(" ", "").upper()
        if text and not iban_valid(text):
            raise ValidationError(f"{shown(data)} is no IBAN: its check digits are wrong.", code="unknown_value")
        return text


class Bic(Text):
    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data).replace(" ", "").upper()
        match = _BIC.fullmatch(text)
        if text and (match is None or match[1] not in _IBAN_COUNTRIES):
            raise ValidationError(
                f"{shown(data)} is no BIC; it has 8 or 11 letters and digits, like COBADEFF.", code="unknown_value"
            )
        return text


class ExemptionCode(Text):
    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if text and not _VATEX.fullmatch(text):
            raise ValidationError(
                f"{shown(data)} is no code of the list VATEX, like VATEX-EU-132.", code="unknown_value"
            )
        return text


def iban_valid(text: str) -> bool:
    """Returns whether the check digits fit: by ISO 13616 the rest of the account's number by 97 is 1."""
    if not _IBAN.fullmatch(text) or text[:2] not in _IBAN_COUNTRIES:
        return False
    return int("".join(str(int(char, 36)) for char in text[4:] + text[:4])) % 97 == 1
