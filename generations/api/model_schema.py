"""The shapes of models for OpenAPI. They describe what `representation.model_json` writes."""

from __future__ import annotations

from rest_framework import serializers as s

from cavendish.http.schema import Page
from cavendish.http.shapes import Shaped, nullable
from generations.api import request_shapes as shapes
from generations.request.replay import SEARCH_TYPES


class Deprecation(s.Serializer[object]):
    successor = s.CharField(help_text="The model to use instead.")
    note = s.CharField()
    retires_on = s.DateField(allow_null=True, help_text="From this day on (UTC) requests for it are refused.")


class ModelResolution(s.Serializer[object]):
    aspect_ratio = Shaped(shapes.AspectRatio)
    image_size = Shaped(shapes.ImageSize)
    width = s.IntegerField()
    height = s.IntegerField()
    tokens = s.IntegerField(help_text="Of one picture; quotes expect it.")
    price_page_tokens = s.IntegerField(help_text="What Google's price page says.")
    assumed = s.BooleanField(help_text="Google published no such row; it is a sibling model's.")
    note = s.CharField(allow_null=True)


class ModelRoles(s.Serializer[object]):
    """How many pictures may have each role."""

    object = s.IntegerField()
    character = s.IntegerField()
    style = s.IntegerField()


class ModelInput(s.Serializer[object]):
    kinds = s.ListField(child=s.ChoiceField(choices=["text", "image", "video"]))
    max_images = s.IntegerField()
    roles = ModelRoles()
    image_mime_types = s.ListField(child=s.CharField())
    video_mime_types = s.ListField(child=s.CharField())
    token_limit = s.IntegerField()
    tokens_per_image = s.IntegerField()


class ModelOutput(s.Serializer[object]):
    mime_types = s.ListField(child=s.CharField())
    token_limit = s.IntegerField()
    interleaves = s.BooleanField(help_text="Texts and pictures may come in turns.")
    max_images_default = s.IntegerField()
    max_images_limit = s.IntegerField()
    watermark = s.CharField(allow_null=True)


class ModelThinking(s.Serializer[object]):
    thinks = s.BooleanField()
    levels = s.ListField(child=s.CharField(), help_text="Those that a request may name.")
    default = s.CharField(allow_null=True)
    max_interim_images = s.IntegerField()


class ModelPrice(s.Serializer[object]):
    kind = s.CharField()
    unit = s.CharField()
    unit_price = s.CharField()
    image_size = Shaped(nullable(shapes.ImageSize), help_text="Where pictures have a fixed price.")


class ModelPrices(s.Serializer[object]):
    currency = s.CharField()
    lines = ModelPrice(many=True)
    batch_lines = ModelPrice(many=True)


class Model(s.Serializer[object]):
    id = s.CharField()
    object = s.CharField()
    name = s.CharField()
    description = s.CharField()
    aliases = s.ListField(child=s.CharField(), help_text="Further names that requests may use.")
    confirmed = s.BooleanField(help_text="false while figures are third parties' and not Google's own; see the notes.")
    deprecated = Deprecation(allow_null=True)
    image_sizes = s.ListField(child=Shaped(shapes.ImageSize))
    aspect_ratios = s.ListField(child=Shaped(shapes.AspectRatio))
    default_image_size = Shaped(shapes.ImageSize)
    default_aspect_ratio = Shaped(shapes.AspectRatio)
    resolutions = ModelResolution(many=True)
    input = ModelInput()
    output = ModelOutput()
    search_types = s.ListField(child=s.ChoiceField(choices=SEARCH_TYPES))
    thinking = ModelThinking()
    prices = ModelPrices(help_text="What this tenant pays.")
    notes = s.ListField(child=s.CharField(), help_text="The guide's advice; it never refuses a request.")


class ModelPage(Page):
    data = Model(many=True)
