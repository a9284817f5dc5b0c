"""generationConfig, tools and safetySettings in an interaction's words. Values are checked where those are read."""

from __future__ import annotations

from typing import Any

from cavendish.gemini.catalog import Model
from cavendish.http.problems import shown
from generations.compat.shared.camel_fields import CamelFields, camel, camel_fields_of, is_idle
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
_OF_TEXT = (
    "topK", "presencePenalty", "frequencyPenalty", "responseLogprobs", "logprobs", "responseSchema",
    "responseJsonSchema", "speechConfig", "mediaResolution", "audioTimestamp", "enableEnhancedCivicAnswers",
    "audioTranscriptionConfig", "routingConfig", "modelSelectionConfig", "continuationToken",
)  # fmt: skip
_OTHER_TOOLS = (
    "functionDeclarations", "codeExecution", "urlContext", "googleMaps", "googleSearchRetrieval", "fileSearch",
    "computerUse", "enterpriseWebSearch", "retrieval", "mcpServers",
)  # fmt: skip
_CATEGORY, _CATEGORIES = "HARM_CATEGORY_", tuple(f"HARM_CATEGORY_{name.upper()}" for name in SAFETY_TYPES)


def config_parse(config: CamelFields, model: Model, tree: Tree, pointers: PointerMap) -> bool:
    """Fills `tree` with the settings of `config`. Returns whether thoughts are to be shown."""
    kept: Tree = {}
    pointers.note("/generation_config", config.pointer)
    for name, ours in _SAME.items():
        if (value := config.take(name)) is not None:
            kept[ours] = value
            pointers.note(f"/generation_config/{ours}", config.at(name))
    config.refuse(*_OF_TEXT, because="The image models have no such setting; leave it out.")
    if config.take("candidateCount") not in (None, 1):
        config.wrong("candidateCount", "not_supported", "One request gives one candidate; send several requests.")
    if not is_idle(config.take("responseMimeType")) and config.values["responseMimeType"] != "text/plain":
        config.wrong("responseMimeType", "not_supported", "The image models write plain text; use text/plain.")
    if modalities := config.take("responseModalities"):
        tree["response_modalities"] = modalities
        pointers.note("/response_modalities", config.at("responseModalities"))
    _image(config.inner("imageConfig"), kept, tree, pointers)
    thoughts = _thinking(config.inner("thinkingConfig"), model, kept, pointers)
    config.close()
    tree["generation_config"] = kept
    return thoughts


def _image(image: CamelFields | None, kept: Tree, tree: Tree, pointers: PointerMap) -> None:
    if image is None:
        return
    shape = {"aspect_ratio": image.take("aspectRatio"), "image_size": image.take("imageSize")}
    kept["image_config"] = {name: value for name, value in shape.items() if not is_idle(value)}
    pointers.note("/generation_config/image_config", image.pointer)
    if mime_type := image.take("outputMimeType"):
        tree["response_mime_type"] = mime_type
        pointers.note("/response_mime_type", image.at("outputMimeType"))
    image.refuse(
        "outputCompressionQuality",
        "imageOutputOptions",
        "personGeneration",
        "prominentPeople",
        because="The models have no such setting for a picture; leave it out.",
    )
    image.close()


def _thinking(thinking: CamelFields | None, model: Model, kept: Tree, pointers: PointerMap) -> bool:
    if thinking is None:
        return False
    level = thinking.text("thinkingLevel")
    if level and not is_idle(level):
        kept["thinking_level"] = level.lower()
        pointers.note("/generation_config/thinking_level", thinking.at("thinkingLevel"))
    # -1 leaves it to the model; 0 is true of a model that does not think.
    if thinking.take("thinkingBudget") not in (None, -1, *(() if model.thinks else (0,))):
        thinking.wrong("thinkingBudget", "not_supported", "The image models have no thinkingBudget; use thinkingLevel.")
    shown = thinking.flag("includeThoughts", False)
    if shown and model.thinks:
        kept["thinking_summaries"] = "auto"
    thinking.close()
    return shown


def tools_parse(fields: CamelFields, tree: Tree, pointers: PointerMap) -> None:
    tools: list[Tree] = []
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
