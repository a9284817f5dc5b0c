"""Request bodies that create and change prompt templates."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from cavendish.http.json_body import Body, Flag, Listed, Text, Typed
from generations.request import MAX_NAME_CHARS, MAX_VALUE_CHARS

MAX_PROMPT_CHARS = 20_000
MAX_SLOTS = 50
RESERVED = "data"
"""Bytes of pictures stand under this name wherever it is in a request."""


class Lines(Text):
    """A text that may have several lines."""

    def to_internal_value(self, data: Any) -> str:
        value = str(data).replace("\r\n", "\n")
        super().to_internal_value(value.replace("\n", " ").replace("\t", " "))
        return value.strip()


class SlotName(Text):
    """What stands between the brackets."""

    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data)
        if any(char in "[]{}" for char in name):
            raise ValidationError("Give the name alone, without brackets.", code="unknown_value")
        if name == RESERVED:
            raise ValidationError(f'"{RESERVED}" is reserved; choose another name.', code="unknown_value")
        return name


class Slot(Body):
    name = SlotName(max_length=MAX_NAME_CHARS)
    label = Text(  # type: ignore[assignment]
        max_length=100, required=False, help_text="What people read instead of the name."
    )
    required = Flag(required=False, help_text="Defaults to true.")  # type: ignore[assignment]


class Values(Typed, serializers.DictField):
    """Strings by the names of slots."""

    takes, kinds = "an object", (dict,)


class Example(Body):
    values = Values(child=Lines(max_length=MAX_VALUE_CHARS, allow_blank=True))


class TemplateContent(Body):
    """The fields of a template. What a change leaves out stays as it is."""

    name = Text(max_length=100)
    description = Text(max_length=500, required=False, allow_blank=True)
    prompt = Lines(max_length=MAX_PROMPT_CHARS, help_text="Slots stand in it as [name], {{name}} or {name}.")
    slots = Listed(
        child=Slot(),
        max_length=MAX_SLOTS,
        required=False,
        help_text="Defaults to all that stand in the prompt, each required. Brackets of no slot stay as they are.",
    )
    example = Example(required=False, help_text="Values that show what the template is for.")
