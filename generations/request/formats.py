"""What is asked for: `response_format`, and the deprecated fields that say the same, folded into one Response."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cavendish.gemini.catalog import Model
from cavendish.http.problems import shown
from generations.request.fields import Context, Fields
from generations.request.generation_request import GenerationRequest, Response
from generations.request.hints import listing, use, who_takes

TYPES = ("text", "image")
ALL_SIZES = ("512", "1K", "2K", "4K")
_MEANT_SIZE = {
    spelling: size
    for size, number, pixels in (("512", "0.5", "512"), ("1K", "1", "1024"), ("2K", "2", "2048"), ("4K", "4", "4096"))
    for spelling in (number, f"{number}k", pixels, f"{pixels}px", f"{pixels}p", f"{pixels}x{pixels}")
}
_MIME_ALIASES = {"image/jpg": "image/jpeg", "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png"}
_IMAGE_KEYS = ("aspect_ratio", "aspectRatio", "image_size", "imageSize")


@dataclass
class _RequestedImage:
    """What the document asks for so far. The first place that names a value wins."""

    types: set[str] = field(default_factory=set)
    aspect_ratio: str | None = None
    image_size: str | None = None
    mime_type: str | None = None
    by_uri: bool = False

    def name(self, fields: Fields, name: str, kind: str, value: str | None) -> None:
        """Takes a value of the request. One that differs from an earlier one is refused: one of them would be lost."""
        earlier = getattr(self, kind)
        if value is not None and earlier not in (None, value):
            fields.wrong(name, "conflict", f"It is {value} here and {earlier} elsewhere; name it once.")
        elif value is not None:
            setattr(self, kind, value)


def response_parse(fields: Fields, config: Fields | None, model: Model | None) -> Response:
    """The response that is asked for, checked against `model` unless that is unknown.

    `fields` is the request, `config` its generation_config.
    """
    context, requested = fields.context, _RequestedImage()
    value = fields.take("response_format")
    if isinstance(value, list):
        seen = 0
        for index, item in enumerate(context.limited(fields.at("response_format"), value)):
            seen += _format_parse(context, item, f"{fields.at('response_format')}/{index}", requested, model)
        if seen > 1:
            fields.wrong("response_format", "conflict", "It names more than one image format; one job makes one kind.")
    elif value is not None:
        _format_parse(context, value, fields.at("response_format"), requested, model)
    _modalities_parse(fields, requested)
    _response_mime_type_parse(fields, requested, model)
    image_config = config.inner("image_config") if config else None
    if image_config is not None:
        _shape_parse(image_config, requested, model)
        image_config.close()
    types = requested.types or set(TYPES)
    return Response(
        wants_text="text" in types,
        wants_image="image" in types,
        aspect_ratio=requested.aspect_ratio,
        image_size=requested.image_size or (model.default_size if model else "1K"),
        mime_type=requested.mime_type,
        by_uri=requested.by_uri,
    )


def _format_parse(context: Context, value: Any, pointer: str, requested: _RequestedImage, model: Model | None) -> bool:
    """Reads one entry; returns whether it is an image format."""
    if not isinstance(value, dict):
        expected = 'an object like {"type": "image", "aspect_ratio": "16:9"} or a list of them'
        context.wrong(pointer, "wrong_type", f"This is {shown(value)}; it takes {expected}.")
        return False
    if not value:
        return False
    fields = Fields(context, value, pointer)
    kind = fields.take("type")
    if kind is None and any(name in value for name in _IMAGE_KEYS):
        kind = "image"
    if kind == "image":
        requested.types.add("image")
        _shape_parse(fields, requested, model)
        _mime_type_parse(fields, "mime_type" if fields.has("mime_type") else "mimeType", requested, model)
        delivery = fields.choice("delivery", ("inline", "uri"))
        if context.strict and delivery == "uri":
            fields.wrong("delivery", "not_supported", 'Outputs have signed addresses of their own; use "inline".')
        requested.by_uri = delivery == "uri"
        fields.close()
        return True
    if kind == "text":
        requested.types.add("text")
        name = "mime_type" if fields.has("mime_type") else "mimeType"
        if fields.take(name) not in (None, "text/plain"):
            fields.wrong(name, "not_supported", "The image models write plain text; use text/plain.")
        if fields.take("schema") is not None:
            fields.wrong("schema", "not_supported", "The image models take no schema; leave it out.")
        fields.close()
    elif kind in ("audio", "video"):
        fields.wrong("type", "not_supported", f"The models here make no {kind}; use {listing(TYPES)}.")
    elif kind is None or kind == "object":
        context.wrong(pointer, "not_supported", f'JSON schemas are not taken; give "type": {listing(TYPES)}.')
    else:
        fields.wrong("type", "unknown_value", f"{shown(kind)} is no type of response; {use(str(kind), TYPES)}")
    return False


def _shape_parse(fields: Fields, requested: _RequestedImage, model: Model | None) -> None:
    for name in _names(fields, "aspect_ratio", "aspectRatio"):
        requested.name(fields, name, "aspect_ratio", _aspect_ratio(fields, name, model))
    for name in _names(fields, "image_size", "imageSize"):
        requested.name(fields, name, "image_size", _image_size(fields, name, model))


def _names(fields: Fields, snake: str, camel: str) -> list[str]:
    """The spellings that are there; Python SDKs 2.0 to 2.2 send camelCase inside response_format."""
    fields.take(snake, camel)
    return [name for name in (snake, camel) if fields.has(name)]


def _aspect_ratio(fields: Fields, name: str, model: Model | None) -> str | None:
    value = fields.values[name]
    if not isinstance(value, str):
        fields.wrong_type(name, 'a string like "16:9"')
        return None
    if model is None or value in model.aspect_ratios:
        return value
    meant = value.strip().lower().replace("x", ":").replace("/", ":").replace(" ", "")
    if meant in model.aspect_ratios:
        fields.wrong(name, "unknown_value", f"{shown(value)} is no aspect ratio; use {meant}.")
    else:
        elsewhere = who_takes(lambda other: value in other.aspect_ratios)
        fields.wrong(
            name,
            "not_supported" if elsewhere else "unknown_value",
            f"{shown(value)} is no aspect ratio of {model.id}; use {listing(model.aspect_ratios)}.{elsewhere}",
        )
    return None


def _image_size(fields: Fields, name: str, model: Model | None) -> str | None:
    value = fields.values[name]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        fields.wrong_type(name, 'a string like "1K"')
        return None
    if model is None or value in model.sizes:
        return str(value)
    meant = _MEANT_SIZE.get(f"{value}".strip().lower().replace(" ", ""), "")
    takes = f"{model.id} takes {listing(model.sizes, 'and')}."
    if value in ALL_SIZES:
        elsewhere = who_takes(lambda other: value in other.sizes)
        fields.wrong(name, "not_supported", f"{model.id} makes no {value}; use {listing(model.sizes)}.{elsewhere}")
    elif meant in model.sizes:
        string = "" if isinstance(value, str) else " (a string)"
        fields.wrong(name, "unknown_value", f"{shown(value)} is no image size; use {meant}{string}. {takes}")
    else:
        fields.wrong(name, "unknown_value", f"{shown(value)} is no image size; {takes}")
    return None


def _mime_type_parse(fields: Fields, name: str, requested: _RequestedImage, model: Model | None) -> None:
    value = fields.take(name)
    if value is None:
        return
    known = model.output_mime_types if model else ()
    if not isinstance(value, str):
        fields.wrong_type(name, "a string like image/png")
    elif model is None or value in known:
        requested.name(fields, name, "mime_type", value)
    elif (alias := _MIME_ALIASES.get(value.lower(), value.lower())) in known:
        fields.wrong(name, "unknown_value", f"{shown(value)} is no type of picture; use {alias}.")
    else:
        fields.wrong(name, "not_supported", f"{model.id} makes no {shown(value)}; use {listing(known)}.")


def _modalities_parse(fields: Fields, requested: _RequestedImage) -> None:
    """Adds the deprecated `response_modalities` to the types; people send upper case too."""
    for index, value in enumerate(fields.items("response_modalities")):
        pointer = f"{fields.at('response_modalities')}/{index}"
        if isinstance(value, str) and value.lower() in TYPES:
            requested.types.add(value.lower())
        elif isinstance(value, str) and value.lower() in {"audio", "video", "document"}:
            fields.context.wrong(
                pointer, "not_supported", f"The models here make no {value.lower()}; use {listing(TYPES)}."
            )
        else:
            fields.context.wrong(pointer, "unknown_value", f"{shown(value)} is no modality; use {listing(TYPES)}.")


def _response_mime_type_parse(fields: Fields, requested: _RequestedImage, model: Model | None) -> None:
    """Reads the deprecated `response_mime_type` as the picture's; text/plain, the text's own, is passed over."""
    if fields.take("response_mime_type") != "text/plain":
        _mime_type_parse(fields, "response_mime_type", requested, model)


Size = tuple[int, int]


def effective_aspect_ratio(
    parsed: GenerationRequest, last_input_size: Size | None, previous_output_size: Size | None
) -> str:
    """The ratio that the pictures will have: the one asked for, else the listed one nearest to the last picture of the
    request, else nearest to the last output of the previous turn, else the model's default. Sizes are width, height
    in pixels.
    """
    if parsed.response.aspect_ratio is not None:
        return parsed.response.aspect_ratio
    size = last_input_size or previous_output_size
    return parsed.model.nearest_aspect_ratio(*size) if size else parsed.model.default_aspect_ratio
