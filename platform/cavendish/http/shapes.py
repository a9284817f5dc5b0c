"""Shapes of JSON that DRF's serializers cannot say, such as "a string or a list", for the OpenAPI documents."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from rest_framework import serializers

Shape = dict[str, Any]
"""A JSON schema."""

DEFINED: dict[str, Shape] = {}
"""The shapes that documents name, by their names there."""

TEXT: Shape = {"type": "string"}
MOMENT: Shape = {"type": "string", "format": "date-time"}
WHOLE: Shape = {"type": "integer"}
NUMBER: Shape = {"type": "number"}
NULL: Shape = {"type": "null"}
TRUTH: Shape = {"type": "boolean"}
TEXTS: Shape = {"type": "object", "additionalProperties": TEXT}
QUANTITY: Shape = {"type": ["string", "integer"]}
"""Money as a string, anything else as a whole number."""
ANY_OBJECT: Shape = {"type": "object", "additionalProperties": True}


def define(name: str, shape: Shape) -> Shape:
    """Returns a reference to the shape, which documents that use it hold under this name."""
    DEFINED[name] = shape
    return {"$ref": f"#/components/schemas/{name}"}


def obj(required: dict[str, Shape] | None = None, optional: dict[str, Shape] | None = None, text: str = "") -> Shape:
    """Returns the shape of an object with these fields."""
    required, optional = required or {}, optional or {}
    described = {"description": text} if text else {}
    needed = {"required": list(required)} if required else {}
    fields = {**required, **optional}
    return {"type": "object", **described, **({"properties": fields} if fields else {}), **needed}


def listed(items: Shape, **bounds: int) -> Shape:
    return {"type": "array", "items": items, **bounds}


def one_of(values: Any) -> Shape:
    """Returns the shape of a string that is one of these."""
    return {"type": "string", "enum": list(values)}


def nullable(shape: Shape) -> Shape:
    if isinstance(kind := shape.get("type"), str) and "enum" not in shape:
        return {**shape, "type": [kind, "null"]}
    return {"oneOf": [shape, {"type": "null"}]}


def about(shape: Shape, text: str) -> Shape:
    """Returns the shape with a description."""
    return {**shape, "description": text}


class Shaped(serializers.JSONField):
    """A field of a serializer that describes, with the shape that its value has."""

    def __init__(self, shape: Shape, **options: Any) -> None:
        self.shape = shape
        super().__init__(**options)


class ShapedScheme(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = Shaped

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Shape:
        return dict(self.target.shape)
