"""Request bodies that label what was made."""

from __future__ import annotations

from rest_framework.exceptions import ValidationError

from cavendish.http.json_body import Body, Flag, Listed, Text, WholeNumber
from generations.labels.folding import MAX_CHARS, MAX_FOLDED, MAX_TAGS, tag_folded


class Tag(Text):
    """A short text, without spaces around it."""

    def to_internal_value(self, data: object) -> str:
        value = super().to_internal_value(data)
        if len(tag_folded(value)) > MAX_FOLDED:
            raise ValidationError("The tag is too long.", code="too_long")
        if not tag_folded(value):
            raise ValidationError("The tag is empty.", code="too_short")
        return value


class GenerationChange(Body):
    tags = Listed(
        child=Tag(max_length=MAX_CHARS),
        max_length=MAX_TAGS,
        help_text="All tags that it is to have; [] for none. Two that differ only by case are one.",
    )


class OutputChange(Body):
    favorite = Flag(help_text="The tenant's favorite: all its keys and members share it.")
    rating = WholeNumber(min_value=1, max_value=5, allow_null=True, help_text="1 to 5; null clears it.")
