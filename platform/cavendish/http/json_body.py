"""JSON bodies of the management addresses: small, strict, with every wrong value named at once.

A serializer that derives from `Body` refuses unknown fields. The fields here accept exactly their JSON type: DRF's own
read `"yes"` as true and `12` as "12", and pass on characters that PostgreSQL cannot store. The codes of errors are
those of the native API's generations.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar, cast

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import empty
from rest_framework.request import Request

from cavendish.http.problems import FieldError, escape, invalid, shown
from cavendish.http.times import MomentInvalid, moment_parse

MAX_FIELDS = 40

# The codes of this API for DRF's.
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
    """A JSON object. Unknown fields are errors beside those of its fields."""

    default_error_messages = {"invalid": "The body must be an object."}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise _error("wrong_type", f"Expected an object, got {shown(data)}.")
        known = [name for name, field in self.fields.items() if not field.read_only]
        errors: dict[str, Any] = {
            name: [ErrorDetail(_unknown_field(name, known), "unknown_field")]
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
    """Returns the checked body: what was sent, and the defaults of what was not.

    With `partial`, for PATCH, no field is required. Raises Problem 422 with every wrong value, 400 for malformed JSON.
    """
    if request.data is None:
        raise invalid([FieldError("", "wrong_type", "Expected an object, got null.")])
    return body_checked(request.data, kind, partial=partial, **context)


def body_checked(data: Any, kind: type[B], *, partial: bool = False, **context: Any) -> dict[str, Any]:
    """Returns what `body_of` does, of values that came another way: from a form. Raises Problem 422."""
    serializer = kind(data=data, partial=partial, context=context)
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


def _error(code: str, detail: str) -> ValidationError:
    return ValidationError({"non_field_errors": [ErrorDetail(detail, code)]})


def _unknown_field(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name[:60].lower(), known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"use {', '.join(known)}." if known else "there are none."
    return f"{shown(name)} is not a field here; {hint}"


class Typed:
    """A field that accepts values of one JSON type, which `takes` names; null only where it is allowed."""

    takes = ""
    kinds: tuple[type, ...] = ()

    def run_validation(self, data: Any = empty) -> Any:
        if data is not empty and data is not None and (type(data) not in self.kinds):
            raise ValidationError(f"Expected {self.takes}, got {shown(data)}.", code="wrong_type")
        if data is None and not self.allow_null:  # type: ignore[attr-defined]
            raise ValidationError(f"Expected {self.takes}, got null.", code="wrong_type")
        return super().run_validation(data)  # type: ignore[misc]


class Text(Typed, serializers.CharField):
    """A string without control characters and without characters that PostgreSQL cannot store."""

    takes, kinds = "a string", (str,)

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if any(ord(char) < 32 or 0xD800 <= ord(char) < 0xE000 or ord(char) == 127 for char in value):
            raise ValidationError("The text contains control characters or lone surrogates.", code="unknown_value")
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
    """True or false."""

    takes, kinds = "true or false", (bool,)


class Moment(Typed, serializers.DateTimeField):
    """An RFC 3339 time with its offset, which becomes UTC."""

    takes, kinds = "a time like 2026-12-01T00:00:00Z", (str,)

    def to_internal_value(self, value: Any) -> datetime:
        try:
            return moment_parse(value)
        except MomentInvalid as error:
            raise ValidationError(str(error), code=error.code) from None


class Choice(Typed, serializers.ChoiceField):
    """One of several strings."""

    takes, kinds = "a string", (str,)

    def to_internal_value(self, data: Any) -> Any:
        if data not in self.choices:
            options = [str(option) for option in self.choices]
            near = difflib.get_close_matches(data[:60].lower(), options, n=1)
            hint = f"did you mean {near[0]}? Use one of" if near else "use one of"
            raise ValidationError(f"{shown(data)} is not accepted; {hint}: {', '.join(options)}.", code="unknown_value")
        return data


class Listed(Typed, serializers.ListField):
    """A list of values of one kind, with at most `max_length` of them."""

    takes, kinds = "a list", (list,)
