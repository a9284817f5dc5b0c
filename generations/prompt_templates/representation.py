"""The JSON of prompt templates and of the guide."""

from __future__ import annotations

from typing import Any

from cavendish.db import ids
from cavendish.http.times import moment
from generations.models import PromptTemplateVersion
from generations.prompt_templates.guide import Guide, GuideTemplate
from generations.prompt_templates.selectors import GUIDE_VERSION


def template_json(row: PromptTemplateVersion) -> dict[str, Any]:
    """Returns a version of a tenant's own template."""
    return {
        "id": ids.encode(ids.TEMPLATE, row.template_id),
        "object": "template",
        "builtin": False,
        "version": row.version,
        "name": row.name,
        "description": row.description,
        "category": None,
        "language": None,
        "prompt": row.prompt,
        "slots": [{name: slot[name] for name in ("name", "label", "required")} for slot in row.slots],
        "images": None,
        "example": {"values": row.example},
        "worked_example": None,
        "created_at": moment(row.template.created_at),
        "updated_at": moment(row.created_at),
    }


def guide_template_json(template: GuideTemplate, language: str) -> dict[str, Any]:
    """Returns a template of the guide in one of its languages."""
    return {
        "id": template.id,
        "object": "template",
        "builtin": True,
        "version": GUIDE_VERSION,
        "name": template.name[language],
        "description": template.description[language],
        "category": template.category,
        "language": language,
        "prompt": template.prompt[language],
        "slots": [
            {"name": slot.name, "label": slot.label[language], "required": slot.required} for slot in template.slots
        ],
        "images": template.images,
        "example": {"values": {slot.name: slot.example[language] for slot in template.slots}},
        "worked_example": {"prompt": template.worked[language], "response_format": template.response_format},
        "created_at": None,
        "updated_at": None,
    }


def guide_json(guide: Guide, language: str) -> dict[str, Any]:
    """Returns the guide's practices and its example without slots."""
    return {
        "object": "prompt_guide",
        "language": language,
        "practices": [
            {"id": practice.id, "name": practice.name[language], "description": practice.description[language]}
            for practice in guide.practices
        ],
        "examples": [
            {
                "id": example.id,
                "name": example.name[language],
                "description": example.description[language],
                "prompt": example.prompt[language],
                "tools": list(example.tools),
                "response_format": example.response_format,
            }
            for example in guide.examples
        ],
    }
