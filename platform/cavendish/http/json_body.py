"""JSON bodies of the management addresses: small, strict, and every wrong value named at once.

A serializer that derives from `Body` refuses fields that it does not know. The fields here take exactly their JSON
type: DRF's own read `"yes"` as true and `12` as "12", and pass on characters that PostgreSQL cannot store. The codes
of errors are those of the native API's generations.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import empty
from rest_framework.request import Request

from cavendish.http.problems import FieldError, escape, invalid, shown

MAX_FIELDS = 40

# DRF's codes in the words of this API.
_CODES = {
    "null": "wrong_type",
    "invalid": "wrong_type",
    "not_a_list": "wrong_type",
    "blank": "too_short",
    "min_length": "too_short",
    "empty": "too_short",
    "max_length": "too_long",
    "min_value": "out_of_range",
    "max_value": "out_of_range",
    "invalid_choice": "unknown_value",
}


class Body(serializers.Serializer[Any]):
    """Knows its fields; anything else is an error beside the others."""

    default_error_messages = {"invalid": "The body takes an object."}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise _wrong("wrong_type", f"{shown(data).capitalize()} stands where an object is taken.")
        known = [name for name, field in self.fields.items() if not field.read_only]
        errors: dict[str, Any] = {
            name: [ErrorDetail(_unknown(name, known), "unknown_field")]
            for name in [name for name in data if name not in known][:MAX_FIELDS]
        }
        values: Any = None
        try:
            values = super().to_internal_value({name: value for name, value in data.items() if name in known})
        except ValidationError as error:
            errors |= cast(dict[str, Any], error.detail)
        if errors:
            raise ValidationError(errors)
        return values


B = TypeVar("B", bound=Body)


def body_of(request: Request, kind: type[B], *, partial: bool = False, **context: Any) -> dict[str, Any]:
    """The checked body: what was sent, and the defaults of what was not. `partial` for PATCH: nothing is needed.

    Raises Problem: 422 with every wrong value, 400 for what is no JSON.
    """
    if request.data is None:
        raise invalid([FieldError("", "wrong_type", "Null stands where an object is taken.")])
    serializer = kind(data=request.data, partial=partial, context=context)
    if serializer.is_valid():
        values: dict[str, Any] = dict(serializer.validated_data)
        return values
    raise invalid(list(_errors(serializer.errors, "")))


def _errors(detail: Any, pointer: str) -> list[FieldError]:
    if isinstance(detail, Mapping):
        return [
            error
            for name, inner in detail.items()
            for error in _errors(inner, pointer if name == "non_field_errors" else f"{pointer}/{escape(str(name))}")
        ]
    if isinstance(detail, list | tuple):
        return [
            error
            for index, inner in enumerate(detail)
            for error in _errors(inner, f"{pointer}/{index}" if isinstance(inner, Mapping) else pointer)
        ]
    code = str(getattr(detail, "code", "invalid"))
    return [FieldError(pointer, _CODES.get(code, code), str(detail))]


def _wrong(code: str, detail: str) -> ValidationError:
    return ValidationError({"non_field_errors": [ErrorDetail(detail, code)]})


def _unknown(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name[:60].lower(), known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known) or 'none'}."
    return f"{shown(name)} is not a field here; {hint}"


class Typed:
    """A field that takes values of one JSON type, named by `takes`; null only where it is allowed."""

    takes = ""
    kinds: tuple[type, ...] = ()

    def run_validation(self, data: Any = empty) -> Any:
        if data is not empty and data is not None and (type(data) not in self.kinds):
            raise ValidationError(f"{shown(data).capitalize()} stands where {self.takes} is taken.", code="wrong_type")
        if data is None and not self.allow_null:  # type: ignore[attr-defined]
            raise ValidationError(f"Null stands where {self.takes} is taken.", code="wrong_type")
        return super().run_validation(data)  # type: ignore[misc]


class Text(Typed, serializers.CharField):
    """A string without characters that PostgreSQL cannot store or that no line of a table should hold."""

    takes, kinds = "a string", (str,)

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if any(ord(char) < 32 or 0xD800 <= ord(char) < 0xE000 or ord(char) == 127 for char in value):
            raise ValidationError("The text holds control characters or half of a character.", code="unknown_value")
        return value


class WholeNumber(Typed, serializers.IntegerField):
    """A whole number; JSON's 2.0 is one, true is not."""

    takes, kinds = "a whole number", (int,)

    def run_validation(self, data: Any = empty) -> Any:
        return super().run_validation(int(data) if type(data) is float and data.is_integer() else data)

    def to_internal_value(self, data: Any) -> int:
        low, high = self.min_value, self.max_value
        if (low is not None and data < low) or (high is not None and data > high):
            span = f"from {low} to {high}" if high is not None else f"of {low} or more"
            raise ValidationError(f"{shown(data)} is out of range; use a whole number {span}.", code="out_of_range")
        return int(data)


class Flag(Typed, serializers.BooleanField):
    takes, kinds = "true or false", (bool,)


class Moment(Typed, serializers.DateTimeField):
    """RFC 3339 with its offset; the answer is in UTC."""

    takes, kinds = "a time like 2026-12-01T00:00:00Z", (str,)

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            raise ValidationError("The time has no offset; write it like 2026-12-01T00:00:00Z.", code="wrong_type")
        try:
            return value.astimezone(UTC)
        except OverflowError:
            raise ValidationError("The time is out of range.", code="out_of_range") from None


class Choice(Typed, serializers.ChoiceField):
    takes, kinds = "a string", (str,)

    def to_internal_value(self, data: Any) -> Any:
        if data not in self.choices:
            options = [str(option) for option in self.choices]
            near = difflib.get_close_matches(data[:60].lower(), options, n=1)
            hint = f"did you mean {near[0]}? Taken are" if near else "use one of"
            raise ValidationError(f"{shown(data)} is not taken; {hint}: {', '.join(options)}.", code="unknown_value")
        return data


class Listed(Typed, serializers.ListField):
    """A list of one kind of values; `max_length` bounds it."""

    takes, kinds = "a list", (list,)
