"""Google's guide to prompts as data: its templates, its example that is grounded in a search, its practices."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from django.utils.translation.trans_real import parse_accept_lang_header

from generations.request import LANGUAGES

CATEGORIES = ("generating", "editing")
Words = Mapping[str, str]
"""A text by its language."""


@dataclass(frozen=True)
class GuideSlot:
    name: str
    label: Words
    example: Words
    required: bool = True


@dataclass(frozen=True)
class GuideTemplate:
    """`images` is how many pictures it works on; `worked` is the guide's own example, in its own words."""

    id: str
    category: str
    images: int
    name: Words
    description: Words
    prompt: Words
    worked: Words
    slots: tuple[GuideSlot, ...]
    response_format: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class GuideExample:
    id: str
    name: Words
    description: Words
    prompt: Words
    tools: tuple[Mapping[str, Any], ...]
    response_format: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Practice:
    id: str
    name: Words
    description: Words


@dataclass(frozen=True)
class Guide:
    templates: Mapping[str, GuideTemplate]
    examples: tuple[GuideExample, ...]
    practices: tuple[Practice, ...]


@cache
def guide() -> Guide:
    """Returns all of it, in the order of the data file, which is read once."""
    document = tomllib.loads(files(__package__).joinpath("guide.toml").read_text(encoding="utf-8"))
    templates = [
        GuideTemplate(slots=tuple(GuideSlot(**slot) for slot in block.pop("slot")), **block)
        for block in document["template"]
    ]
    return Guide(
        templates={template.id: template for template in templates},
        examples=tuple(GuideExample(tools=tuple(block.pop("tools")), **block) for block in document["example"]),
        practices=tuple(Practice(**block) for block in document["practice"]),
    )


def language_of(accept_language: str | None) -> str:
    """Returns the language of the guide that an Accept-Language header likes best, English where it likes none."""
    for tag, quality in parse_accept_lang_header(accept_language or ""):
        # A quality of nothing is a language that is not wanted.
        if quality > 0 and (language := tag.partition("-")[0]) in LANGUAGES:
            return language
    return LANGUAGES[0]
