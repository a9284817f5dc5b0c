"""What a request asked for beside its prompt, as names and values for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from cavendish.above.console.pictures.shapes import Sight
from cavendish.above.ui.labels import label
from cavendish.above.ui.marks import listed


def request_facts(sight: Sight) -> list[tuple[str, str]]:
    """Returns the settings of a request that were given, in the order in which the playground asks for them."""
    return list(_facts(sight.request, sight))


def _facts(request: Mapping[str, Any], sight: Sight) -> Iterator[tuple[str, str]]:
    generation = sight.generation
    if generation.aspect_ratio:
        yield _("Ratio"), generation.aspect_ratio
    if generation.image_size:
        yield _("Size"), generation.image_size
    searches = [name for tool in _dicts(request.get("tools")) for name in _searches(tool)]
    if searches:
        yield _("Google Search"), listed(searches)
    config = request.get("generation_config")
    config = config if isinstance(config, dict) else {}
    if level := config.get("thinking_level"):
        yield _("Thinking"), label(str(level))
    for name, word in (
        ("temperature", _("Temperature")),
        ("top_p", "top_p"),
        ("seed", _("Seed")),
        ("max_output_tokens", _("Most tokens of output")),
    ):
        if config.get(name) is not None:
            yield word, str(config[name])
    template = request.get("template")
    if isinstance(template, dict):
        yield _("Template"), str(template.get("id") or template.get("name") or "")
    if sight.asked.system_instruction:
        yield _("System instruction"), sight.asked.system_instruction
    if generation.tier == "batch":
        yield _("Tier"), _("Batch")
    for name, value in (generation.metadata or {}).items():
        yield name, str(value)


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _searches(tool: dict[str, Any]) -> list[str]:
    if tool.get("type") != "google_search":
        return []
    words = {"web_search": _("Web"), "image_search": _("Images")}
    return [words.get(kind, str(kind)) for kind in tool.get("search_types") or ["web_search"]]
