"""Request bodies of guard rules. Which fields a rule has depends on its type."""

from __future__ import annotations

from typing import Any, cast

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from accounts.roles.checks import image_sizes
from billing.fields import Money
from cavendish.egress.guard import MAX_URL_CHARS
from cavendish.http.json_body import Body, Choice, Flag, Listed, Text, Typed
from cavendish.http.problems import shown
from generations.guard.languages import NAMES
from generations.guard.representation import FIELDS
from generations.models import GuardFallback, GuardRuleType, GuardStage

MAX_WORDS, MAX_WORD_CHARS = 1000, 100
MIN_SECONDS, MAX_SECONDS = 0.1, 30
_REQUIRED = {GuardRuleType.WORDS: "words", GuardRuleType.LANGUAGES: "languages", GuardRuleType.HOOK: "url"}
_TYPED = frozenset(name for names in FIELDS.values() for name in names)


class Seconds(Typed, serializers.FloatField):
    """A number of seconds, whole or not."""

    takes, kinds = "a number of seconds", (int, float)

    def to_internal_value(self, data: Any) -> float:
        if not MIN_SECONDS <= data <= MAX_SECONDS:
            raise ValidationError(
                f"{shown(data)} is out of range; use a number from {MIN_SECONDS} to {MAX_SECONDS}.", code="out_of_range"
            )
        return float(data)


class Size(Text):
    def to_internal_value(self, data: Any) -> str:
        if data not in image_sizes():
            raise ValidationError(
                f"{shown(data)} is not an image size; use {', '.join(image_sizes())}.", "unknown_value"
            )
        return super().to_internal_value(data)


class Language(Text):
    def to_internal_value(self, data: Any) -> str:
        if data not in NAMES:
            raise ValidationError(
                f'{shown(data)} is not known; use a code like "en", "zh" or that of a script like "Latn".',
                code="unknown_value",
            )
        return super().to_internal_value(data)


class RuleChange(Body):
    """The fields of a rule that can be changed: those of its type, and those of all."""

    enabled = Flag(required=False)
    description = Text(max_length=200, allow_blank=True, required=False)
    livemode = Flag(allow_null=True, required=False, help_text="null holds for both modes.")
    api_key_id = Text(max_length=80, allow_null=True, required=False, help_text="Only the requests of this key.")
    words = Listed(child=Text(max_length=MAX_WORD_CHARS), min_length=1, max_length=MAX_WORDS, required=False)
    languages = Listed(child=Language(), min_length=1, max_length=len(NAMES), required=False)
    max_image_size = Size(allow_null=True, required=False)
    max_amount = Money(allow_null=True, required=False, zero=True)
    url = Text(max_length=MAX_URL_CHARS, required=False)
    stages = Listed(child=Choice(choices=GuardStage.values), min_length=1, max_length=2, required=False)
    timeout_seconds = Seconds(required=False)
    on_error = Choice(choices=GuardFallback.values, required=False)

    def to_internal_value(self, data: Any) -> Any:
        errors: dict[str, Any] = {}
        kind = self.context.get("type") or (data.get("type") if isinstance(data, dict) else None)
        if kind in GuardRuleType.values:
            errors = self._errors_of(kind, data)
            data = {name: value for name, value in data.items() if name not in errors}
        try:
            values = super().to_internal_value(data)
        except ValidationError as error:
            raise ValidationError({**cast(dict[str, Any], error.detail), **errors}) from None
        if errors:
            raise ValidationError(errors)
        return values

    def _errors_of(self, kind: str, data: dict[str, Any]) -> dict[str, Any]:
        """Returns what is wrong in which fields there are, whatever their values."""
        takes = FIELDS[kind]
        errors: dict[str, Any] = {
            name: [ErrorDetail(f"A rule of the type {kind} has no {name}; it has {', '.join(takes)}.", "unknown_field")]
            for name in data
            if name in _TYPED and name not in takes
        }
        needed = _REQUIRED.get(GuardRuleType(kind))
        if not self.partial and needed is not None and needed not in data:
            errors[needed] = [ErrorDetail(f"A rule of the type {kind} needs {needed}.", "required")]
        if not self.partial and kind == GuardRuleType.LIMITS and all(data.get(name) is None for name in takes):
            errors["max_image_size"] = [ErrorDetail("Set max_image_size, max_amount or both.", "required")]
        return errors


class RuleNew(RuleChange):
    type = Choice(choices=GuardRuleType.values)
