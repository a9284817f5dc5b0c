"""Prompt templates that a form can start from: the guide's and the tenant's own, in the viewer's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import get_language

from cavendish.above.console.playground.form import Form
from cavendish.above.console.workplace import Workplace
from cavendish.db import ids
from generations.models import PromptTemplate
from generations.prompt_templates.guide import Practice, guide, language_of
from generations.prompt_templates.representation import guide_template_json, template_json
from generations.prompt_templates.selectors import guide_template, template_version_find, templates_newest
from generations.request import slots_fill

MOST_OWN = 100


@dataclass(frozen=True)
class Slot:
    """A slot as a field: its value is what was typed, or the template's example."""

    name: str
    label: str
    required: bool
    value: str
    example: str


@dataclass(frozen=True)
class TemplateShown:
    """A template in the viewer's language. `images` is how many pictures it works on."""

    id: str
    name: str
    description: str
    prompt: str
    category: str
    language: str
    images: int
    slots: Sequence[Slot]
    builtin: bool

    @property
    def example(self) -> str:
        """The prompt with the example's values."""
        return self.filled({slot.name: slot.example for slot in self.slots})

    def filled(self, values: Mapping[str, str]) -> str:
        """Returns the prompt with these values in its slots; what is required and missing stands in brackets."""
        shown = {
            slot.name: values.get(slot.name) or (f"[{slot.label}]" if slot.required else "") for slot in self.slots
        }
        return slots_fill(self.prompt, list(shown), shown)


@dataclass(frozen=True)
class PracticeShown:
    name: str
    description: str


def viewer_language() -> str:
    """Returns the guide's language that is nearest to the page's."""
    return language_of(get_language())


def templates_offered(work: Workplace) -> tuple[list[TemplateShown], list[TemplateShown]]:
    """Returns the tenant's own templates of this mode, newest first, and the guide's. Opens the tenant's context."""
    with work.reading():
        rows = PromptTemplate.objects.filter(tenant_id=work.tenant_id, livemode=work.livemode)
        own = [template_json(row) for row in templates_newest(list(rows.order_by("-id")[:MOST_OWN]))]
    language = viewer_language()
    shipped = [guide_template_json(each, language) for each in guide().templates.values()]
    return [_shown(each, {}) for each in own], [_shown(each, {}) for each in shipped]


def template_of(work: Workplace, form: Form) -> TemplateShown | None:
    """Returns the template that a form names, with the form's values; None where there is none.

    Opens the tenant's context.
    """
    if not form.template:
        return None
    shipped = guide_template(form.template)
    if shipped is not None:
        language = form.language if form.language in {"en", "zh"} else viewer_language()
        return _shown(guide_template_json(shipped, language), form.values)
    row_id = ids.decode(ids.TEMPLATE, form.template)
    if row_id is None:
        return None
    with work.reading():
        row = template_version_find(row_id, livemode=work.livemode)
        return _shown(template_json(row), form.values) if row is not None else None


def practices() -> list[PracticeShown]:
    """Returns the six practices of Google's guide."""
    language = viewer_language()
    found: Sequence[Practice] = guide().practices
    return [PracticeShown(each.name[language], each.description[language]) for each in found]


def with_template(form: Form, template: TemplateShown | None) -> Form:
    """Returns the form with its template's example where nothing was typed yet, or without a template that is gone."""
    if template is None:
        return replace(form, template="", values={}, language="") if form.template else form
    values = dict(form.values) or {slot.name: slot.example for slot in template.slots}
    return replace(form, values=values, language=template.language)


def _shown(template: Mapping[str, Any], values: Mapping[str, str]) -> TemplateShown:
    example = template["example"]["values"]
    return TemplateShown(
        id=template["id"],
        name=template["name"],
        description=template["description"],
        prompt=template["prompt"],
        category=template["category"] or "",
        language=template["language"] or "",
        images=template["images"] or 0,
        slots=[
            Slot(
                name=slot["name"],
                label=slot["label"],
                required=slot["required"],
                value=values.get(slot["name"], "") if values else example.get(slot["name"], ""),
                example=example.get(slot["name"], ""),
            )
            for slot in template["slots"]
        ],
        builtin=template["builtin"],
    )
