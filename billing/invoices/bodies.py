"""Bodies around invoices: payments, credit notes, voids, billing profiles, legal entities."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from billing.money import AmountInvalid, amount_read
from billing.parties.bodies import Email
from cavendish.http.json_body import Body, Listed, Text, Typed
from cavendish.http.problems import shown

MOST_EMAILS = 20
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)


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


class DraftNew(Body):
    month = Month()


class VoidBody(Body):
    reason = Text(max_length=300)


class SendBody(Body):
    """Without `to` it goes to whom the profile names."""

    to = Listed(child=Email(max_length=254), allow_empty=False, max_length=MOST_EMAILS, required=False)
