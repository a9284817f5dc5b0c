"""`template` of a native request: a prompt with slots and the values for them, in place of a text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cavendish.http.problems import shown
from generations.request.fields import Context, Fields
from generations.request.generation_request import Media, Step, TemplateUse, Text
from generations.request.hints import use
from generations.request.shapes import input_parse, is_step
from generations.request.slots import slots_fill

TEMPLATES_ADDRESS = "/api/v1/templates"
LANGUAGES = ("en", "zh")
MAX_VALUE_CHARS = 4_000
POINTER = "/template"
_TAKES = "input takes pictures and videos only"


@dataclass(frozen=True, slots=True)
class Template:
    """A version of a template. `slots` says of each whether it is required; `language` is None for a tenant's own."""

    id: str
    version: int
    language: str | None
    prompt: str
    slots: Mapping[str, bool]


TemplateFinder = Callable[[str, int | None, str | None], Template | None]
"""From an id, a version (None for the newest) and a language to a template, None where there is none."""


def no_templates(id: str, version: int | None, language: str | None) -> Template | None:
    """The finder of who knows no templates."""
    return None


def template_parse(fields: Fields, find: TemplateFinder) -> TemplateUse | None:
    """Returns the template that `template` names, with its prompt filled in; None without one, or with a wrong one."""
    inner = fields.inner("template")
    if inner is None:
        return None
    id = inner.text("id")
    version = inner.whole("version", 1, 2**31 - 1)
    language = inner.choice("language", LANGUAGES)
    values = inner.inner("values") or Fields(fields.context, {}, inner.at("values"))
    if id is None:
        if not inner.has("id"):
            inner.wrong("id", "required", f"id is missing; templates are listed at {TEMPLATES_ADDRESS}.")
        inner.close()
        return None
    inner.close()
    template = find(id, version, language)
    if template is None:
        if version is not None and find(id, None, language) is not None:
            inner.wrong(
                "version", "unknown_value", f"The template has no version {version}; leave it out for the newest."
            )
        else:
            detail = f"There is no template {shown(id)}; templates are listed at {TEMPLATES_ADDRESS}."
            inner.wrong("id", "unknown_template", detail)
        return None
    before = len(fields.context.errors)
    filled = values_parse(values, template.slots)
    if len(fields.context.errors) > before:
        return None
    prompt = slots_fill(template.prompt, template.slots, filled)
    return TemplateUse(template.id, template.version, template.language, filled, prompt)


def values_parse(values: Fields, slots: Mapping[str, bool]) -> dict[str, str]:
    """Returns the values of slots; notes what is unknown, no string, too long, or missing though it is required."""
    filled: dict[str, str] = {}
    for name, value in values.values.items():
        if name not in slots:
            hint = use(name, slots) if slots else "it has none."
            values.wrong(name, "unknown_field", f"{shown(name)} is no slot of this template; {hint}")
        elif value is not None and not isinstance(value, str):
            values.wrong(name, "wrong_type", f"The value is {shown(value)}; it takes a string.")
        elif value is not None and len(value) > MAX_VALUE_CHARS:
            detail = f"The value has {len(value)} characters; at most {MAX_VALUE_CHARS} are taken."
            values.wrong(name, "too_long", detail)
        elif value is not None:
            filled[name] = value
    for name, is_required in slots.items():
        value = values.values.get(name)
        if is_required and value is None:
            values.wrong(name, "required", f"The slot {shown(name)} needs a value.")
        elif is_required and isinstance(value, str) and not value.strip():
            values.wrong(name, "empty", f"The slot {shown(name)} is required; its value is empty.")
    return filled


def template_steps(context: Context, value: Any, template: TemplateUse | None) -> tuple[Step, ...]:
    """Returns the one step of the user: the pictures and videos of `input`, then the template's prompt.

    A text is refused, unless it is the prompt itself: so a request can be sent again as it is shown.
    """
    media: tuple[Media, ...] = ()
    if value is not None and value != "" and value != []:
        items = value if isinstance(value, list) else [value]
        for index, item in enumerate(items):
            if isinstance(item, dict) and is_step(item):
                pointer = f"/input/{index}" if isinstance(value, list) else "/input"
                context.wrong(pointer, "conflict", f"With a template, {_TAKES}; this is a step of a conversation.")
                return ()
        blocks = [block for step in input_parse(context, value) for block in step.content]
        texts = [block for block in blocks if isinstance(block, Text)]
        if texts and (template is None or [block.text for block in texts] != [template.prompt]):
            detail = f"The template gives the text; {_TAKES}. Use the template's slots, or leave template out."
            context.wrong(texts[0].pointer, "conflict", detail)
        media = tuple(block for block in blocks if isinstance(block, Media))
    if template is None:
        return ()
    return (Step(POINTER, "user_input", (*media, Text(POINTER, template.prompt))),)
