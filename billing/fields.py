"""Money in bodies and queries, and the services' refusals as problems."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import ValidationError
from rest_framework.fields import empty
from rest_framework.request import Request
from rest_framework.serializers import CharField

from billing.errors import BooksRefuse, ValuesInvalid
from billing.money import AmountInvalid, amount_read
from cavendish.http.problems import Problem, invalid, invalid_value, shown


class Money(CharField):
    """An amount as a string, like "12.50"; the error says what is wrong with one that the books cannot hold."""

    def __init__(self, *, negative: bool = False, zero: bool = False, **options: Any) -> None:
        self.negative, self.zero = negative, zero
        super().__init__(**options)

    def run_validation(self, data: Any = empty) -> Any:
        if data is empty or (data is None and self.allow_null):
            return super().run_validation(data)
        try:
            return amount_read(data, negative=self.negative, zero=self.zero)
        except AmountInvalid as wrong:
            raise ValidationError(f"{shown(data)}: {wrong}", code=wrong.code) from None


class Percent(CharField):
    """A decimal number as a string, like "12.5"."""

    def run_validation(self, data: Any = empty) -> Any:
        if data is empty:
            return super().run_validation(data)
        try:
            return amount_read(data, negative=True, zero=True)
        except AmountInvalid as wrong:
            raise ValidationError(f'Write the percentage as a string, like "12.5": {wrong}', code=wrong.code) from None


@contextmanager
def refusals() -> Iterator[None]:
    """The services' refusals in the words of the API."""
    try:
        yield
    except ValuesInvalid as refusal:
        raise invalid(refusal.errors) from None
    except BooksRefuse as refusal:
        raise Problem(refusal.status, refusal.code, str(refusal)) from None


def moment_of(request: Request, name: str) -> datetime | None:
    """A time in the query, RFC 3339; None when it is not given. Raises Problem."""
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
    """A decimal without idle zeros: "12.5", "0"."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
