"""How the model is to work: generation_config, tools, safety settings; and the client's own metadata."""

from __future__ import annotations

from functools import partial

from cavendish.gemini.catalog import Model
from cavendish.http.problems import escape, shown
from generations.request.fields import Context, Fields
from generations.request.hints import listing, use, who_takes

MAX_METADATA_KEYS = 16
MAX_METADATA_KEY_CHARS = 64
MAX_METADATA_VALUE_CHARS = 512
MAX_STOP_SEQUENCES = 5
MAX_STOP_SEQUENCE_CHARS = 200
INT32 = 2**31

# What clients of text models send with every request. Google takes them; no picture and no price depends on them.
WITHOUT_EFFECT = (
    "top_k", "presence_penalty", "frequency_penalty", "media_resolution", "enable_enhanced_civic_answers",
    "audio_timestamp", "speech_config", "transcription_config", "video_config",
)  # fmt: skip

SEARCH_TYPES = ("web_search", "image_search")
SAFETY_TYPES = (
    "hate_speech", "dangerous_content", "harassment", "sexually_explicit", "civic_integrity", "image_hate",
    "image_dangerous_content", "image_harassment", "image_sexually_explicit", "jailbreak",
)  # fmt: skip
SAFETY_THRESHOLDS = ("block_low_and_above", "block_medium_and_above", "block_only_high", "block_none", "off")
SAFETY_METHODS = ("severity", "probability")


def thinking_level_parse(config: Fields, model: Model | None) -> str | None:
    value = config.text("thinking_level")
    if value is None or model is None or value in model.thinking_levels:
        return value
    others = who_takes(lambda other: bool(other.thinking_levels))
    if not model.thinks:
        detail = f"{model.id} does not think; leave thinking_level out.{others}"
    elif not model.thinking_levels:
        detail = f"{model.id} always thinks and takes no thinking_level; leave it out.{others}"
    else:
        detail = f"{shown(value)} is no thinking level of {model.id}; {use(value, model.thinking_levels)}"
    config.wrong("thinking_level", "not_supported", detail)
    return None


def _is_one_of(config: Fields, name: str, *numbers: int) -> bool:
    value = config.values.get(name)
    # Python counts true as 1 and false as 0.
    return not isinstance(value, bool) and value in numbers


def gemini_config_parse(config: Fields, *, thinks: bool, searches: bool) -> None:
    """Takes what else Gemini's clients send in a generation_config, as long as nothing depends on it."""
    config.ignore(*WITHOUT_EFFECT)
    if _is_one_of(config, "candidate_count", 1):
        config.drop("candidate_count")
    if _is_one_of(config, "thinking_budget", 0) and thinks:
        config.ignored("thinking_budget")
    if _is_one_of(config, "thinking_budget", -1, 0):
        config.drop("thinking_budget")
    choice = config.values.get("tool_choice")
    if choice in ("auto", "validated") or (choice == "none" and not searches):
        config.drop("tool_choice")
    elif config.has("tool_choice"):
        config.take("tool_choice")
        config.wrong("tool_choice", "not_supported", "Models decide themselves whether they search; leave it out.")


def stop_sequences_parse(config: Fields) -> tuple[str, ...]:
    values = config.items("stop_sequences")
    if len(values) > MAX_STOP_SEQUENCES:
        config.wrong("stop_sequences", "too_many", f"{len(values)} are given; at most {MAX_STOP_SEQUENCES} are taken.")
        return ()
    for index, value in enumerate(values):
        if not isinstance(value, str) or not 1 <= len(value) <= MAX_STOP_SEQUENCE_CHARS:
            detail = f"{shown(value)} is no stop sequence; use a string of 1 to {MAX_STOP_SEQUENCE_CHARS} characters."
            config.context.wrong(f"{config.at('stop_sequences')}/{index}", "wrong_type", detail)
    return tuple(value for value in values if isinstance(value, str))


def search_types_parse(fields: Fields, model: Model | None) -> tuple[str, ...]:
    """The kinds of Google Search that are asked for, each once; () without the tool."""
    context, search_types = fields.context, dict[str, None]()
    for index, item in enumerate(fields.items("tools")):
        pointer = f"{fields.at('tools')}/{index}"
        if not isinstance(item, dict):
            context.wrong(pointer, "wrong_type", f'This is {shown(item)}; it takes {{"type": "google_search"}}.')
            continue
        tool = Fields(context, item, pointer)
        kind = tool.take("type")
        if kind != "google_search":
            name = shown(next(iter(item), None) if kind is None else kind)
            tool.wrong("type", "not_supported", f'{name} is not offered; the one tool is {{"type": "google_search"}}.')
            continue
        _search_parse(tool, model, search_types)
        tool.close()
    return tuple(search_types)


def _search_parse(tool: Fields, model: Model | None, search_types: dict[str, None]) -> None:
    """Adds the types that one entry of `tools` names to the keys of `search_types`."""
    if model is not None and not model.search_types:
        tool.take("search_types")
        others = who_takes(lambda other: bool(other.search_types))
        tool.context.wrong(tool.pointer, "not_supported", f"{model.id} does not search; leave the tool out.{others}")
        return
    requested = tool.items("search_types")
    if not requested and not tool.has("search_types"):
        search_types["web_search"] = None
    elif not requested:
        tool.wrong(
            "search_types", "empty", f"It is empty; use {listing(SEARCH_TYPES)}, or leave it out for web_search."
        )
    for index, value in enumerate(requested):
        pointer = f"{tool.at('search_types')}/{index}"
        if model is None or value in model.search_types:
            search_types[str(value)] = None
        elif value in SEARCH_TYPES:
            others = who_takes(partial(_searches, value))
            detail = f"{model.id} has no {value}; use {listing(model.search_types)}.{others}"
            tool.context.wrong(pointer, "not_supported", detail)
        else:
            detail = f"{shown(value)} is no search type; {use(str(value), model.search_types)}"
            tool.context.wrong(pointer, "unknown_value", detail)


def _searches(search_type: str, model: Model) -> bool:
    return search_type in model.search_types


def metadata_parse(context: Context, *sources: Fields | None) -> dict[str, str]:
    """Names and their strings, of one or more objects: `metadata`, and `labels` of the compatible API."""
    metadata: dict[str, str] = {}
    for fields in filter(None, sources):
        if len(fields.values) > MAX_METADATA_KEYS:
            detail = f"It has {len(fields.values)} keys; at most {MAX_METADATA_KEYS} are taken."
            context.wrong(fields.pointer, "too_many", detail)
            continue
        for name, value in fields.values.items():
            pointer = f"{fields.pointer}/{escape(name)}"
            if not 1 <= len(name) <= MAX_METADATA_KEY_CHARS:
                detail = f"A key has {len(name)} characters; it takes 1 to {MAX_METADATA_KEY_CHARS}."
                context.wrong(pointer, "too_long" if name else "empty", detail)
            elif not isinstance(value, str):
                context.wrong(pointer, "wrong_type", f"The value is {shown(value)}; it takes a string.")
            elif len(value) > MAX_METADATA_VALUE_CHARS:
                detail = f"The value has {len(value)} characters; at most {MAX_METADATA_VALUE_CHARS} are taken."
                context.wrong(pointer, "too_long", detail)
            else:
                metadata[name] = value
    return metadata


def safety_settings_parse(fields: Fields) -> tuple[dict[str, str], ...]:
    settings = []
    for index, item in enumerate(fields.items("safety_settings")):
        pointer = f"{fields.at('safety_settings')}/{index}"
        if not isinstance(item, dict):
            fields.context.wrong(pointer, "wrong_type", f"This is {shown(item)}; it takes an object.")
            continue
        setting = Fields(fields.context, item, pointer)
        values = {
            "type": setting.choice("type", SAFETY_TYPES),
            "threshold": setting.choice("threshold", SAFETY_THRESHOLDS),
            "method": setting.choice("method", SAFETY_METHODS),
        }
        for name in ("type", "threshold"):
            if not setting.has(name):
                setting.wrong(name, "required", f"A safety setting needs its {name}.")
        setting.close()
        settings.append({name: value for name, value in values.items() if value is not None})
    return tuple(settings)
