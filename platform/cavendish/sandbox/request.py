"""Parses a create request: checked against the catalog as Google checks it, with defaults."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from cavendish.gemini.catalog import Model, UnknownModel, get_model, text_tokens
from cavendish.sandbox.contents import Contents, FindFile, Json, parse_contents
from cavendish.sandbox.errors import ApiError
from cavendish.sandbox.words import Words, parse_words

_ECHOED = {
    "system_instruction",
    "tools",
    "generation_config",
    "response_format",
    "response_modalities",
    "response_mime_type",
    "previous_interaction_id",
    "service_tier",
    "safety_settings",
    "labels",
}
_KNOWN = _ECHOED | {"model", "input", "stream", "store", "background"}
_UNSUPPORTED = {"agent", "agent_config", "cached_content", "environment", "continuation_token", "webhook_config"}
_CONFIG = {
    "image_config",
    "max_output_tokens",
    "seed",
    "stop_sequences",
    "temperature",
    "top_p",
    "thinking_level",
    "thinking_summaries",
    "tool_choice",
}
_CAMEL = {"aspectRatio": "aspect_ratio", "imageSize": "image_size", "mimeType": "mime_type"}
_IMAGE_FORMAT = {"type", "aspect_ratio", "image_size", "mime_type", "delivery"}


@dataclass(frozen=True)
class PictureFormat:
    """The requested picture. An `aspect_ratio` of None follows the pictures of the conversation."""

    aspect_ratio: str | None
    image_size: str
    mime_type: str


@dataclass(frozen=True)
class ImageRequest:
    model: Model
    contents: Contents
    words: Words
    echo: Json
    system_instruction: str
    wants_text: bool
    picture: PictureFormat | None
    """None when only text was requested."""
    thinking_level: str | None
    summaries: bool
    search_types: tuple[str, ...]
    max_output_tokens: int | None
    seed: int | None
    previous: str | None
    stream: bool
    store: bool
    background: bool

    @property
    def input_tokens(self) -> dict[str, int]:
        """Tokens by modality. Each text block and the system instruction count by the published rule; the history
        before `previous_interaction_id` is not counted again.
        """
        video = self.contents.video_seconds * self.model.tokens_per_video_second
        return {
            "text": sum(map(text_tokens, (self.system_instruction, *self.contents.texts))),
            "image": self.contents.pictures * self.model.tokens_per_input_image,
            "video": min(video, self.contents.videos * self.model.video_token_limit),
        }


def parse_request(raw: bytes, find_file: FindFile) -> ImageRequest:
    """Returns the parsed request. It decodes pictures, so large bodies belong in a thread. Raises ApiError."""
    body = _object(raw)
    for name in body:
        if name in _UNSUPPORTED:
            raise ApiError(400, f"'{name}' is not supported by image models.")
        if name not in _KNOWN:
            raise ApiError(400, f"Unknown parameter '{name}'.")
    model = _model(body.get("model"))
    config = _known(body, "generation_config", _CONFIG)
    wants_text, picture = _formats(body, config, model)
    contents = parse_contents(body.get("input"), model, find_file)
    store, background = _flag(body, "store", True), _flag(body, "background", False)
    if background and not store:
        raise ApiError(400, "'background' requires 'store' to be true.")
    request = ImageRequest(
        model=model,
        contents=contents,
        words=parse_words(contents.texts),
        echo={name: body[name] for name in sorted(_ECHOED & body.keys()) if body[name] is not None},
        system_instruction=_text(body, "system_instruction"),
        wants_text=wants_text,
        picture=picture,
        thinking_level=_thinking(config, model),
        summaries=config.get("thinking_summaries", "auto") != "none",
        search_types=_searches(body.get("tools"), model),
        max_output_tokens=_whole(config, "max_output_tokens", 1),
        seed=_whole(config, "seed", None),
        previous=_text(body, "previous_interaction_id") or None,
        stream=_flag(body, "stream", False),
        store=store,
        background=background,
    )
    total = sum(request.input_tokens.values())
    if total > model.input_token_limit:
        limit = model.input_token_limit
        raise ApiError(400, f"The input token count ({total}) exceeds the maximum number of tokens allowed ({limit}).")
    return request


def _object(raw: bytes) -> Json:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise ApiError(400, "Invalid JSON payload received.") from None
    if not isinstance(body, dict):
        raise ApiError(400, "Invalid JSON payload received: the body must be an object.")
    return body


def _model(name: object) -> Model:
    if not isinstance(name, str) or not name:
        raise ApiError(400, "'model' is required.")
    id = name.removeprefix("models/")
    try:
        model = get_model(id)
    except UnknownModel as error:
        hint = f" Did you mean {error.nearest}?" if error.nearest else ""
        raise ApiError(404, f"Model '{name[:100]}' not found.{hint}") from None
    if model.id != id:
        # a further name is the platform's: what it sends is the model's own
        raise ApiError(404, f"Model '{name[:100]}' not found. Did you mean {model.id}?")
    return model


def _formats(body: Json, config: Json, model: Model) -> tuple[bool, PictureFormat | None]:
    """Returns whether text is requested, and the requested picture. Without any format it is both."""
    formats = body.get("response_format")
    entries = formats if isinstance(formats, list) else [formats] if formats else []
    kinds: set[str] = set()
    image: Json = {}
    for entry in entries:
        if not isinstance(entry, dict):
            raise ApiError(400, "'response_format' must be an object or a list of objects.")
        kind = entry.get("type")
        if not isinstance(kind, str | None):
            raise ApiError(400, "response_format: 'type' must be a string.")
        if kind == "image":
            image = _snake(entry)
            if unknown := image.keys() - _IMAGE_FORMAT:
                raise ApiError(400, f"response_format: Unknown parameter '{min(unknown)}'.")
        elif kind != "text" or entry.get("schema") or entry.get("mime_type", "text/plain") != "text/plain":
            # A dictionary without a type is a JSON schema.
            reason = "JSON mode is not enabled" if kind in {None, "text", "object"} else f"'{kind}' is not supported"
            raise ApiError(400, f"response_format: {reason} for {model.id}. Use 'text' and 'image'.")
        if kind in kinds:
            raise ApiError(400, f"response_format: '{kind}' is repeated.")
        kinds.add(kind or "text")
    kinds = kinds or _modalities(body.get("response_modalities"), model) or {"text", "image"}
    if "image" not in kinds:
        return True, None
    older = config.get("image_config") or {}
    if not isinstance(older, dict):
        raise ApiError(400, "generation_config.image_config must be an object.")
    return "text" in kinds, _picture({**_snake(older), **image}, model)


def _snake(fields: Json) -> Json:
    return {_CAMEL.get(name, name): value for name, value in fields.items()}


def _modalities(value: object, model: Model) -> set[str]:
    if not value:
        return set()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ApiError(400, "'response_modalities' must be a list of strings.")
    kinds = {item.lower() for item in value}
    if unknown := kinds - {"text", "image"}:
        raise ApiError(400, f"The requested response modality '{min(unknown)}' is not supported by {model.id}.")
    return kinds


def _picture(image: Json, model: Model) -> PictureFormat:
    ratio = _one_of(image, "aspect_ratio", None, model.aspect_ratios, model)
    size = _one_of(image, "image_size", model.default_size, model.sizes, model)
    mime_type = _one_of(image, "mime_type", model.output_mime_types[0], model.output_mime_types, model)
    _one_of(image, "delivery", "inline", ("inline",), model)
    return PictureFormat(ratio, size or model.default_size, mime_type or model.output_mime_types[0])


def _one_of(image: Json, name: str, default: str | None, allowed: tuple[str, ...], model: Model) -> str | None:
    value = image.get(name)
    if value is None:
        return default
    if value not in allowed:
        listed = ", ".join(allowed)
        raise ApiError(400, f"Invalid value '{value}' for {name}. {model.id} supports: {listed}.")
    return str(value)


def _thinking(config: Json, model: Model) -> str | None:
    level = config.get("thinking_level")
    if level is None:
        return None
    if level not in model.thinking_levels:
        listed = f"supports: {', '.join(model.thinking_levels)}" if model.thinking_levels else "takes no thinking level"
        raise ApiError(400, f"Thinking level '{level}' is not supported for this model. {model.id} {listed}.")
    return str(level)


def _searches(tools: object, model: Model) -> tuple[str, ...]:
    if not tools:
        return ()
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        raise ApiError(400, "'tools' must be a list of objects.")
    requested: list[str] = []
    for tool in tools:
        if tool.get("type") != "google_search":
            raise ApiError(400, f"Tool '{tool.get('type')}' is not supported by {model.id}.")
        if not model.search_types:
            raise ApiError(400, f"Search as tool is not enabled for {model.id}.")
        if unknown := tool.keys() - {"type", "search_types"}:
            raise ApiError(400, f"tools: Unknown parameter '{min(unknown)}'.")
        kinds = tool.get("search_types") or ["web_search"]
        for kind in kinds if isinstance(kinds, list) else [kinds]:
            if kind not in model.search_types:
                listed = ", ".join(model.search_types)
                raise ApiError(400, f"Search type '{kind}' is not supported by {model.id}; it supports: {listed}.")
            requested.append(kind)
    return tuple(kind for kind in model.search_types if kind in requested)


def _known(body: Json, name: str, fields: set[str]) -> Json:
    value = body.get(name) or {}
    if not isinstance(value, dict):
        raise ApiError(400, f"'{name}' must be an object.")
    if unknown := value.keys() - fields:
        raise ApiError(400, f"{name}: Unknown parameter '{min(unknown)}'.")
    return value


def _text(body: Json, name: str) -> str:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise ApiError(400, f"'{name}' must be a string.")
    return value or ""


def _flag(body: Json, name: str, default: bool) -> bool:
    value: Any = body.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise ApiError(400, f"'{name}' must be true or false.")
    return value


def _whole(config: Json, name: str, least: int | None) -> int | None:
    value: Any = config.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or (least is not None and value < least):
        bound = "" if least is None else f" from {least}"
        raise ApiError(400, f"generation_config.{name} must be a whole number{bound}.")
    return value
