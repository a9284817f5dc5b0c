"""generationConfig, tools and safetySettings in an interaction's words. Values are checked where those are read."""

from __future__ import annotations

import re
from typing import Any

from cavendish.gemini.catalog import Model
from cavendish.http.problems import shown
from generations.compat.shared.camel_fields import CamelFields, camel, camel_fields_of, is_idle, said
from generations.compat.shared.pointer_map import PointerMap
from generations.request.hints import listing
from generations.request.settings import SAFETY_METHODS, SAFETY_THRESHOLDS, SAFETY_TYPES

Tree = dict[str, Any]

# As they are, under another name.
_SAME = {
    "temperature": "temperature",
    "topP": "top_p",
    "seed": "seed",
    "maxOutputTokens": "max_output_tokens",
    "stopSequences": "stop_sequences",
}
# Google takes them, and no picture and no price depends on them.
_WITHOUT_EFFECT = (
    "topK", "presencePenalty", "frequencyPenalty", "mediaResolution", "enableEnhancedCivicAnswers", "audioTimestamp",
    "speechConfig", "audioTranscriptionConfig", "translationConfig",
)  # fmt: skip
_OF_TEXT = (
    "responseLogprobs", "logprobs", "responseSchema", "responseJsonSchema", "routingConfig", "modelSelectionConfig",
    "continuationToken",
)  # fmt: skip
# What ImageConfig has besides. None of it is in Google's interactions, which all jobs here are.
_OF_VERTEX = ("outputCompressionQuality", "personGeneration", "prominentPeople")
_NUMBERS = {
    "ONE": 1, "TWO": 2, "THREE": 3, "FOUR": 4, "FIVE": 5, "EIGHT": 8, "NINE": 9, "SIXTEEN": 16, "TWENTY_ONE": 21,
}  # fmt: skip
_SIZES = {"FIVE_TWELVE": "512", "ONE_K": "1K", "TWO_K": "2K", "FOUR_K": "4K"}
_OTHER_TOOLS = (
    "functionDeclarations", "codeExecution", "urlContext", "googleMaps", "googleSearchRetrieval", "fileSearch",
    "computerUse", "enterpriseWebSearch", "retrieval", "mcpServers",
)  # fmt: skip
_NUMBER = re.compile(r"-?\d{1,10}(?:\.\d{1,10})?", re.ASCII)
_CATEGORY, _CATEGORIES = "HARM_CATEGORY_", tuple(f"HARM_CATEGORY_{name.upper()}" for name in SAFETY_TYPES)


def one_as_list(fields: CamelFields, *names: str) -> None:
    """Puts a value that stands alone where Google has a list of such into one, as Google's JSON parser does."""
    for name in names:
        if isinstance(value := fields.values.get(name), str | dict) and value:
            fields.values[name] = [value]


def _number(value: Any) -> Any:
    """The number that a string holds: in Google's JSON either is one. All else as it is."""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return value
    return float(value) if "." in value else int(value)


def _count(fields: CamelFields, name: str) -> Any:
    """The number in a field of which few are taken; true and false are none, though Python counts them as 1 and 0."""
    value = _number(fields.take(name))
    if isinstance(value, bool):
        fields.wrong_type(name, "a number")
        return None
    return value


def config_parse(config: CamelFields, model: Model, tree: Tree, pointers: PointerMap) -> bool:
    """Fills `tree` with the settings of `config`. Returns whether thoughts are to be shown; what changes nothing is
    noted among the ignored.
    """
    kept: Tree = {}
    pointers.note("/generation_config", config.pointer)
    one_as_list(config, "responseModalities", "stopSequences")
    for name, ours in _SAME.items():
        if (value := _number(config.take(name))) is not None:
            kept[ours] = value
            pointers.note(f"/generation_config/{ours}", config.at(name))
    config.ignore(*_WITHOUT_EFFECT)
    config.refuse(*_OF_TEXT, because="The image models have no such setting; leave it out.")
    if _count(config, "candidateCount") not in (None, 1):
        config.wrong("candidateCount", "not_supported", "One request gives one candidate; send several requests.")
    if not is_idle(config.take("responseMimeType")) and config.values["responseMimeType"] != "text/plain":
        config.wrong("responseMimeType", "not_supported", "The image models write plain text; use text/plain.")
    if (modalities := config.take("responseModalities")) not in (None, ""):
        tree["response_modalities"] = modalities
        pointers.note("/response_modalities", config.at("responseModalities"))
    _image(config.inner("imageConfig"), kept, tree, pointers)
    _formats(config, tree, pointers)
    thoughts = _thinking(config.inner("thinkingConfig"), model, kept, pointers)
    config.close()
    tree["generation_config"] = kept
    return thoughts


def _image(image: CamelFields | None, kept: Tree, tree: Tree, pointers: PointerMap) -> None:
    if image is None:
        return
    shape = {"aspect_ratio": image.take("aspectRatio"), "image_size": image.take("imageSize")}
    kept["image_config"] = said(shape)
    pointers.note("/generation_config/image_config", image.pointer)
    options = image.inner("imageOutputOptions")
    for fields, name in ((image, "outputMimeType"), (options, "mimeType")):
        if fields is not None and (mime_type := fields.take(name)):
            tree["response_mime_type"] = mime_type
            pointers.note("/response_mime_type", fields.at(name))
    because = "The models have no such setting for a picture; leave it out."
    if options is not None:
        options.refuse("compressionQuality", because=because)
        options.close()
    image.refuse(*_OF_VERTEX, because=because)
    image.close()


def _formats(config: CamelFields, tree: Tree, pointers: PointerMap) -> None:
    """`responseFormat`: an object or a list of them, each with what it is of as its field."""
    value, place = config.take("responseFormat"), config.at("responseFormat")
    if not value:
        return
    pointers.note("/response_format", place)
    formats: list[Tree] = []
    for index, item in enumerate(value if isinstance(value, list) else [value]):
        pointer = f"{place}/{index}" if isinstance(value, list) else place
        entry = camel_fields_of(config.context, item, pointer, 'an object like {"image": {"aspectRatio": "16:9"}}')
        if entry is None:
            continue
        entry.refuse("audio", "video", because="The models here make text and pictures.")
        for kind in ("text", "image"):
            inner = entry.inner(kind)
            if inner is not None:
                pointers.note(f"/response_format/{len(formats)}", inner.pointer)
                formats.append({"type": kind, **(_image_format(inner) if kind == "image" else _text_format(inner))})
        entry.close()
    if formats:
        tree["response_format"] = formats


def _image_format(image: CamelFields) -> Tree:
    delivery = image.text("delivery")
    values = {
        "aspect_ratio": _ratio(image.take("aspectRatio")),
        "image_size": _size(image.take("imageSize")),
        "mime_type": image.take("mimeType"),
        "delivery": delivery.lower() if delivery else None,
    }
    image.close()
    return said(values)


def _text_format(text: CamelFields) -> Tree:
    text.refuse("schema", because="The image models take no schema; leave it out.")
    mime_type = text.text("mimeType") or ""
    text.close()
    plain = is_idle(mime_type) or mime_type.lower().replace("_", "/") in {"text/plain", "plain"}
    return {} if plain else {"mime_type": mime_type}


def _ratio(value: Any) -> Any:
    """ "16:9" for the SDKs' ASPECT_RATIO_SIXTEEN_BY_NINE, in any case; all else as it is."""
    words = value.upper() if isinstance(value, str) else ""
    across, _, down = words.removeprefix("ASPECT_RATIO_").partition("_BY_")
    return f"{_NUMBERS[across]}:{_NUMBERS[down]}" if across in _NUMBERS and down in _NUMBERS else value


def _size(value: Any) -> Any:
    words = value.upper().removeprefix("IMAGE_SIZE_") if isinstance(value, str) else ""
    return _SIZES.get(words, value)


def _thinking(thinking: CamelFields | None, model: Model, kept: Tree, pointers: PointerMap) -> bool:
    if thinking is None:
        return False
    level = thinking.text("thinkingLevel")
    if level and not is_idle(level):
        kept["thinking_level"] = level.lower()
        pointers.note("/generation_config/thinking_level", thinking.at("thinkingLevel"))
    # -1 leaves it to the model; 0 is a wish to pay for no thoughts, which no model that thinks grants.
    budget = _count(thinking, "thinkingBudget")
    if budget == 0 and model.thinks:
        thinking.ignored("thinkingBudget")
    elif budget not in (None, -1, 0):
        thinking.wrong("thinkingBudget", "not_supported", "The image models have no thinkingBudget; use thinkingLevel.")
    shown = thinking.flag("includeThoughts", False)
    if shown and model.thinks:
        kept["thinking_summaries"] = "auto"
    thinking.close()
    return shown


def tools_parse(fields: CamelFields, tree: Tree, pointers: PointerMap) -> None:
    tools: list[Tree] = []
    one_as_list(fields, "tools")
    for index, item in enumerate(fields.items("tools")):
        tool = camel_fields_of(
            fields.context, item, f"{fields.at('tools')}/{index}", 'an object like {"googleSearch": {}}'
        )
        if tool is None:
            continue
        for name in _OTHER_TOOLS:
            # An empty object switches a tool on; an empty list of functions does not.
            if tool.take(name) not in (None, []):
                tool.wrong(name, "not_supported", 'It is not offered; the one tool is {"googleSearch": {}}.')
        if tool.has("googleSearch") and (search := tool.inner("googleSearch")) is not None:
            pointers.note(f"/tools/{len(tools)}", search.pointer)
            pointers.note(f"/tools/{len(tools)}/search_types", search.at("searchTypes"))
            tools.append({"type": "google_search", **_search_types(search)})
        tool.close()
    if tools:
        tree["tools"] = tools


def _search_types(search: CamelFields) -> Tree:
    search.refuse(
        "timeRangeFilter",
        "excludeDomains",
        "blockingConfidence",
        because="The search of the image models cannot be narrowed; leave it out.",
    )
    requested = search.take("searchTypes")
    search.close()
    if isinstance(requested, dict):
        # A message whose fields are the types: {"webSearch": {}, "imageSearch": {}}.
        requested = [name for name, value in requested.items() if value is not None]
    if not requested:
        return {}
    if not isinstance(requested, list):
        search.wrong_type("searchTypes", 'an object like {"imageSearch": {}}')
        return {}
    return {"search_types": [_snake(name) for name in requested]}


def _snake(name: Any) -> Any:
    """The snake_case name of a search type, whichever way it is spelled."""
    known = {camel(kind): kind for kind in ("web_search", "image_search", "enterprise_web_search")}
    return known.get(camel(name.lower()) if name.isupper() else camel(name), name) if isinstance(name, str) else name


def safety_settings_parse(fields: CamelFields, tree: Tree, pointers: PointerMap) -> None:
    settings: list[Tree] = []
    one_as_list(fields, "safetySettings")
    for index, item in enumerate(fields.items("safetySettings")):
        pointer = f"{fields.at('safetySettings')}/{index}"
        setting = camel_fields_of(fields.context, item, pointer, 'an object with "category" and "threshold"')
        if setting is None:
            continue
        values = {
            "type": _word(setting, "category", _CATEGORIES, _CATEGORY),
            "threshold": _word(setting, "threshold", [name.upper() for name in SAFETY_THRESHOLDS]),
            "method": _word(setting, "method", [name.upper() for name in SAFETY_METHODS]),
        }
        setting.close()
        if values["type"] and values["threshold"]:
            settings.append({name: value for name, value in values.items() if value})
    if settings:
        pointers.note("/safety_settings", fields.at("safetySettings"))
        tree["safety_settings"] = settings


def _word(setting: CamelFields, name: str, known: Any, prefix: str = "") -> str | None:
    """One of `known` in an interaction's spelling; None for an unspecified one, which asks for nothing."""
    value = setting.text(name)
    if value is None or is_idle(value):
        return None
    if value.upper() not in known:
        setting.wrong(name, "unknown_value", f"{shown(value)} is no {name}; use {listing(known)}.")
        return None
    return value.upper().removeprefix(prefix).lower()
