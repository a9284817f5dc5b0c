"""Fields of bodies and queries that billing shares: amounts, percentages, days, months, addresses of mail."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import validate_email
from django.utils.dateparse import parse_datetime
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.fields import empty
from rest_framework.request import Request
from rest_framework.serializers import CharField

from billing.money import AmountInvalid, amount_parse
from cavendish.http.json_body import Text, Typed
from cavendish.http.problems import invalid_value, shown
from cavendish.http.times import MomentInvalid, day_parse

MOST_EMAILS = 20
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)


class Money(Typed, serializers.CharField):
    """An amount as a string; the error says what is wrong with one that cannot be stored."""

    takes, kinds = 'an amount as a string, like "12.50"', (str,)

    def __init__(self, *, negative: bool = False, zero: bool = False, **options: Any) -> None:
        self.negative, self.zero = negative, zero
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> Any:
        try:
            return amount_parse(data, negative=self.negative, zero=self.zero)
        except AmountInvalid as error:
            raise ValidationError(f"{shown(data)}: {error}", code=error.code) from None


class Day(Typed, serializers.CharField):
    takes, kinds = "a date like 2026-11-30", (str,)

    def to_internal_value(self, data: Any) -> Any:
        try:
            return day_parse(data, before=2100)
        except MomentInvalid as error:
            raise ValidationError(str(error), code="unknown_value") from None


class Month(Typed, serializers.CharField):
    takes, kinds = "a month like 2026-11", (str,)

    def to_internal_value(self, data: Any) -> Any:
        return month_parse(data)


def month_parse(text: str) -> date:
    """Returns the first day of "2026-11". Raises ValidationError."""
    match = _MONTH.fullmatch(text)
    if match is None:
        raise ValidationError(f"{shown(text)} is no month; write it like 2026-11.", code="unknown_value")
    return date(int(match[1]), int(match[2]), 1)


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


class Percent(CharField):
    """A decimal number as a string, like "12.5"."""

    def run_validation(self, data: Any = empty) -> Any:
        if data is empty:
            return super().run_validation(data)
        try:
            return amount_parse(data, negative=True, zero=True)
        except AmountInvalid as error:
            raise ValidationError(f'Write the percentage as a string, like "12.5": {error}', code=error.code) from None


def moment_of(request: Request, name: str) -> datetime | None:
    """Returns a time in the query, RFC 3339; None when it is not given. Raises Problem."""
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        moment = parse_datetime(text.replace(" ", "+")) if len(text) < 60 else None
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise invalid_value(f"/{name}", "wrong_type", "Write the time like 2026-12-01T00:00:00Z.")


def decimal_text(value: Decimal) -> str:
    """Returns a decimal without idle zeros: "12.5", "0"."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
