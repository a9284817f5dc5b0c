"""Request bodies of collections."""

from __future__ import annotations

from typing import Any

from cavendish.http.json_body import Body, Text


class CollectionChange(Body):
    """The fields of a collection that can be changed."""

    name = Text(max_length=100)
    description = Text(max_length=500, allow_blank=True)


class CollectionNew(CollectionChange):
    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        fields["description"].required = False
        return fields


class CollectionOutputNew(Body):
    output_id = Text(max_length=64, help_text="A picture of the collection's mode.")
