"""The shapes of prompt templates for OpenAPI."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers as s

from cavendish.http.schema import Page
from cavendish.http.shapes import Shaped, nullable
from generations.api import request_shapes as shapes
from generations.api.schema import Quote, TemplateUse
from generations.prompt_templates.guide import CATEGORIES
from generations.request import LANGUAGES


class TemplateSlot(s.Serializer[object]):
    name = s.CharField(help_text="Stands in the prompt as [name], and in `values`.")
    label = s.CharField(help_text="What people read instead of the name.")  # type: ignore[assignment]
    required = s.BooleanField()  # type: ignore[assignment]


class TemplateExample(s.Serializer[object]):
    values = s.DictField(child=s.CharField())


class WorkedExample(s.Serializer[object]):
    prompt = s.CharField()
    response_format = Shaped(nullable(shapes.ResponseFormat))


class Template(s.Serializer[object]):
    """Every field is always present."""

    id = s.CharField()
    object = s.CharField()
    builtin = s.BooleanField(help_text="Shipped with the platform; it cannot be changed.")
    version = s.IntegerField()
    name = s.CharField()
    description = s.CharField()
    category = s.ChoiceField(choices=CATEGORIES, allow_null=True, help_text="null for your own.")
    language = s.ChoiceField(choices=LANGUAGES, allow_null=True, help_text="Of its texts; null for your own.")
    prompt = s.CharField()
    slots = TemplateSlot(many=True)
    images = s.IntegerField(allow_null=True, help_text="How many pictures it works on; null for your own.")
    example = TemplateExample()
    worked_example = WorkedExample(allow_null=True, help_text="The guide's own example, in its own words.")
    created_at = s.DateTimeField(allow_null=True)
    updated_at = s.DateTimeField(allow_null=True)


class TemplatePage(Page):
    data = Template(many=True)  # type: ignore[assignment]


class TemplatePreview(s.Serializer[object]):
    object = s.CharField()
    template = TemplateUse(help_text="The `template` of a generation that gets this prompt.")
    prompt = s.CharField()
    quote = Quote()


class Practice(s.Serializer[object]):
    id = s.CharField()
    name = s.CharField()
    description = s.CharField()


class GuideExample(Practice):
    prompt = s.CharField()
    tools = Shaped(shapes.Tools)
    response_format = Shaped(nullable(shapes.ResponseFormat))


class PromptGuide(s.Serializer[object]):
    object = s.CharField()
    language = s.ChoiceField(choices=LANGUAGES)
    practices = Practice(many=True)
    examples = GuideExample(many=True)


ACCEPT_LANGUAGE = OpenApiParameter(
    "Accept-Language",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The language of builtin templates: English or Chinese. Defaults to English.",
)
LANGUAGE = OpenApiParameter(
    "language", OpenApiTypes.STR, enum=list(LANGUAGES), description="Goes before Accept-Language."
)
VERSION = OpenApiParameter("version", OpenApiTypes.INT, description="Defaults to the newest.")
BUILTIN = OpenApiParameter("builtin", OpenApiTypes.BOOL, description="The shipped ones alone, or your own.")
CATEGORY = OpenApiParameter("category", OpenApiTypes.STR, enum=list(CATEGORIES), description="Of builtin templates.")
VALUES = OpenApiParameter(
    "values", OpenApiTypes.STR, description="A JSON object of values by slot. Defaults to those of the example."
)
MODEL = OpenApiParameter(
    "model", OpenApiTypes.STR, description="Of the quote. Defaults to the first model that the key may use."
)
