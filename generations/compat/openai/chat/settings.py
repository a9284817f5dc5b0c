"""What a chat's body says beside its messages, in a generation's words. Values are checked where those are read."""

from __future__ import annotations

from typing import Any

from cavendish.gemini.catalog import Model
from cavendish.http.problems import shown
from generations.compat.shared.camel_fields import CamelFields, is_idle
from generations.compat.shared.pointer_map import PointerMap
from generations.request.hints import listing

Tree = dict[str, Any]

# As they are, under another name.
_SAME = {"temperature": "temperature", "top_p": "top_p", "seed": "seed"}
_NOT_HERE = "The image models have no such setting; leave it out."
_NO_TOOLS = "The image models call no tools of yours; leave it out."
_IN_IMAGE_CONFIG = 'Say it in image_config, for example {"aspect_ratio": "16:9", "image_size": "2K"}.'
# They change neither the picture nor the price. The answer names those that were given.
IGNORED = (
    "frequency_penalty", "presence_penalty", "repetition_penalty", "top_k", "min_p", "top_a", "verbosity", "prediction",
    "parallel_tool_calls", "provider", "route", "transforms",
)  # fmt: skip
# Of caches, traces and accounts of others, where nothing has to be said.
_SILENT = (
    "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "session_id", "trace",
)  # fmt: skip
_REFUSED = {
    "functions": _NO_TOOLS,
    "safety_settings": "OpenAI's API has none; generateContent and interactions take them.",
    "logprobs": _NOT_HERE,
    "top_logprobs": _NOT_HERE,
    "logit_bias": _NOT_HERE,
    "audio": "The models here make no sound.",
    "models": "One model answers; name it in model.",
    "size": _IN_IMAGE_CONFIG,
    "aspect_ratio": _IN_IMAGE_CONFIG,
    "image_size": _IN_IMAGE_CONFIG,
    "quality": _IN_IMAGE_CONFIG,
    "imageConfig": _IN_IMAGE_CONFIG,
    "generationConfig": "That is generateContent's; settings stand by themselves here.",
}
# Where a name belongs that stands somewhere else.
ELSEWHERE = {
    **dict.fromkeys(("prompt", "input", "contents"), "messages"),
    **dict.fromkeys(("system", "system_instruction", "systemInstruction"), 'a message with the role "system"'),
    **dict.fromkeys(("response_modalities", "responseModalities"), "modalities"),
    **dict.fromkeys(("aspectRatio",), "image_config.aspect_ratio"),
    **dict.fromkeys(("imageSize", "resolution"), "image_config.image_size"),
    **dict.fromkeys(("num_images", "number_of_images", "numberOfImages", "candidate_count", "max_images"), "n"),
    **dict.fromkeys(("max_output_tokens", "maxOutputTokens"), "max_completion_tokens"),
    **dict.fromkeys(
        ("thinking", "thinking_config", "thinkingConfig", "thinking_level", "thinkingLevel", "enable_thinking"),
        "reasoning_effort",
    ),
    **dict.fromkeys(("google_search", "googleSearch", "web_search"), "web_search_options"),
    "google": "extra_body.google",
    "stop_sequences": "stop",
}
_OFF = "none"
_CALLED_TOOLS = frozenset({"none", "auto"})
_TIERS = frozenset({"auto", "default", "standard"})
MODALITIES = ("image", "text")
_SEARCHES = ("googleSearch", "google_search", "web_search", "web_search_preview", "openrouter:web_search")


def google_of(fields: CamelFields) -> CamelFields | None:
    """What stands under `google` in `extra_body`, where Google's compatible API takes settings of its own."""
    extra = fields.inner("extra_body")
    google = extra.inner("google") if extra is not None else None
    if extra is not None:
        extra.close()
    return google


def response_parse(fields: CamelFields, google: CamelFields | None, tree: Tree, pointers: PointerMap) -> None:
    """Fills `tree` with what is asked for: `modalities` and `image_config`."""
    image: Tree = {}
    places: dict[str, str] = {}
    for holder in (fields, google):
        config = holder.inner("image_config") if holder is not None else None
        if config is not None:
            for name, other in (("aspect_ratio", "aspectRatio"), ("image_size", "imageSize")):
                given = other if config.has(other) and not config.has(name) else name
                if not is_idle(value := config.take(name, other)):
                    image[name] = value
                    places[name] = config.at(given)
            config.close()
    kinds = [value.lower() if isinstance(value, str) else value for value in fields.items("modalities")]
    for index, kind in enumerate(kinds):
        if kind not in MODALITIES:
            pointer = f"{fields.at('modalities')}/{index}"
            fields.context.wrong(pointer, "unknown_value", f"{shown(kind)} is no modality; use {listing(MODALITIES)}.")
    if image and kinds and "image" not in kinds:
        fields.wrong("image_config", "conflict", 'It is of a picture, which modalities leave out; add "image" there.')
    pointers.note("/response_format", fields.at("modalities"))
    if kinds or image:
        types = [kind for kind in ("text", "image") if not kinds or kind in kinds]
        tree["response_format"] = [{"type": kind, **(image if kind == "image" else {})} for kind in types]
        for name, place in places.items():
            pointers.note(f"/response_format/{len(types) - 1}/{name}", place)


def sampling_parse(fields: CamelFields, tree: Tree, pointers: PointerMap) -> None:
    """Fills `tree` with what the model takes of the ways in which texts are sampled."""
    config: Tree = tree.setdefault("generation_config", {})
    pointers.note("/generation_config", "")
    for name, ours in _SAME.items():
        if (value := fields.take(name)) is not None:
            config[ours] = value
            pointers.note(f"/generation_config/{ours}", fields.at(name))
    limits = [name for name in ("max_completion_tokens", "max_tokens") if fields.has(name)]
    values = [fields.take(name) for name in ("max_completion_tokens", "max_tokens") if name in limits]
    fields.take("max_completion_tokens", "max_tokens")
    if len(values) == 2 and values[0] != values[1]:
        fields.wrong("max_tokens", "conflict", "It differs from max_completion_tokens, which says the same.")
    elif values:
        # Python counts true as 1; the check of the value tells it from a number.
        config["max_output_tokens"] = next((value for value in values if isinstance(value, bool)), values[0])
        pointers.note("/generation_config/max_output_tokens", fields.at(limits[0]))
    stop = fields.take("stop")
    if stop:
        config["stop_sequences"] = [stop] if isinstance(stop, str) else stop
        pointers.note("/generation_config/stop_sequences", fields.at("stop"))


def thinking_parse(
    fields: CamelFields, google: CamelFields | None, model: Model, tree: Tree, pointers: PointerMap
) -> bool:
    """Fills `tree` with how much the model is to think. Returns whether its thoughts are to be shown."""
    config: Tree = tree.setdefault("generation_config", {})
    effort, at = fields.text("reasoning_effort"), fields.at("reasoning_effort")
    shows = fields.flag("include_reasoning", False) or effort is not None
    reasoning = fields.inner("reasoning")
    if reasoning is not None:
        if reasoning.has("effort"):
            effort, at = reasoning.text("effort"), reasoning.at("effort")
        if not reasoning.flag("enabled", True):
            effort, at = _OFF, reasoning.at("enabled")
        reasoning.take("effort", "summary")
        reasoning.refuse("max_tokens", because="The image models take no budget of thoughts; use effort.")
        shows = not reasoning.flag("exclude", False)
        reasoning.close()
    thinking = google.inner("thinking_config") if google is not None else None
    if thinking is not None:
        if thinking.has("thinking_level"):
            effort, at = thinking.text("thinking_level"), thinking.at("thinking_level")
        thinking.take("thinking_level")
        shows = thinking.flag("include_thoughts", shows)
        thinking.close()
    effort = effort.lower() if effort is not None else None
    if effort == _OFF:
        shows = False
        # The least is as near to none as these models come; one that cannot be told to is named by the check of levels.
        effort = "minimal" if "minimal" in model.thinking_levels else _OFF if model.thinks else None
    if effort is not None:
        config["thinking_level"] = effort
        pointers.note("/generation_config/thinking_level", at)
    if shows and model.thinks:
        config["thinking_summaries"] = "auto"
    return shows


def tools_parse(fields: CamelFields, tree: Tree, pointers: PointerMap) -> None:
    """Fills `tree` with Google Search, where one of the ways in which it is asked for stands there."""
    searched = [name for name in ("web_search_options", "plugins", "tools") if _searches(fields, name)]
    if searched:
        tree["tools"] = [{"type": "google_search"}]
        pointers.note("/tools", fields.at(searched[0]))
        pointers.note("/tools/0", fields.at(searched[0]))
    for name in ("tool_choice", "function_call"):
        choice = fields.take(name)
        if choice is not None and not (isinstance(choice, str) and choice in _CALLED_TOOLS):
            fields.wrong(name, "not_supported", _NO_TOOLS)


def _searches(fields: CamelFields, name: str) -> bool:
    """Whether the field asks for a search. What it asks for besides is noted."""
    if name == "web_search_options":
        options = fields.inner(name)
        if options is None:
            return False
        options.take("search_context_size")
        options.refuse("user_location", because="The search cannot be told a place; say it in the prompt.")
        options.close()
        return True
    items = [item for item in fields.items(name) if not (isinstance(item, dict) and item.get("enabled") is False)]
    for index, item in enumerate(items):
        pointer = f"{fields.at(name)}/{index}"
        if not isinstance(item, dict) or not _is_search(item):
            known = '{"id": "web"}' if name == "plugins" else '{"type": "web_search"}'
            fields.context.wrong(pointer, "not_supported", f"It is not offered; the one that is is {known}.")
    return bool(items)


def _is_search(item: Tree) -> bool:
    if item in ({"id": "web"}, {"id": "web", "enabled": True}):
        return True
    if isinstance(kind := item.get("type"), str):
        return kind in _SEARCHES and item.keys() <= {"type", "search_context_size"}
    return len(item) == 1 and next(iter(item)) in _SEARCHES and next(iter(item.values())) in ({}, None)


def refuse_others(fields: CamelFields, messages_ignored: list[str]) -> list[str]:
    """Notes what cannot be done. Returns what was given and changes nothing."""
    for name, because in _REFUSED.items():
        fields.refuse(name, because=because)
    tier = fields.text("service_tier")
    if tier is not None and tier not in _TIERS:
        fields.wrong("service_tier", "not_supported", "There is one tier for single requests; leave it out.")
    form = fields.take("response_format")
    if form is not None and form != {"type": "text"}:
        fields.wrong("response_format", "not_supported", "The image models write plain text; leave it out.")
    fields.take(*_SILENT)
    return [name for name in IGNORED if not is_idle(fields.take(name))] + messages_ignored
