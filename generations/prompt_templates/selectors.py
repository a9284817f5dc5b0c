"""Reads of prompt templates: a tenant's own, and those of the guide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from generations.models import PromptTemplate, PromptTemplateVersion
from generations.prompt_templates.guide import GuideTemplate, guide
from generations.request import LANGUAGES, Template, TemplateFinder

GUIDE_VERSION = 1
"""Raised when a prompt of the guide changes."""


def template_finder(*, tenant_id: UUID, livemode: bool) -> TemplateFinder:
    """Returns what finds the guide's templates and the tenant's own of that mode. Call it outside of its context."""
    return partial(_find, tenant_id, livemode)


def _find(tenant_id: UUID, livemode: bool, id: str, version: int | None, language: str | None) -> Template | None:
    shipped = guide_template(id, version)
    if shipped is not None:
        chosen = language or LANGUAGES[0]
        slots = {slot.name: slot.required for slot in shipped.slots}
        return Template(id, GUIDE_VERSION, chosen, shipped.prompt[chosen], slots)
    row_id = ids.decode(ids.TEMPLATE, id)
    if row_id is None:
        return None
    with tenant_context(tenant_id):
        row = template_version_find(row_id, livemode=livemode, version=version)
    return None if row is None else Template(id, row.version, None, row.prompt, slots_of(row.slots))


def guide_template(id: str, version: int | None = None) -> GuideTemplate | None:
    return guide().templates.get(id) if version in {None, GUIDE_VERSION} else None


def template_version_find(
    template_id: UUID, *, livemode: bool, version: int | None = None
) -> PromptTemplateVersion | None:
    """Returns a version of a tenant's own template, the newest without `version`; needs the tenant's context."""
    template = PromptTemplate.objects.filter(id=template_id, livemode=livemode).first()
    if template is None:
        return None
    rows = PromptTemplateVersion.objects.filter(template_id=template_id, version=version or template.version)
    row: PromptTemplateVersion | None = rows.select_related("template").first()
    return row


def templates_newest(templates: Sequence[PromptTemplate]) -> list[PromptTemplateVersion]:
    """Returns the newest version of each, in the order given; needs the tenant's context."""
    newest = {template.id: template.version for template in templates}
    rows = PromptTemplateVersion.objects.filter(template_id__in=newest).select_related("template")
    by_id = {row.template_id: row for row in rows if row.version == newest[row.template_id]}
    return [by_id[template.id] for template in templates]


def slots_of(stored: Sequence[Mapping[str, Any]]) -> dict[str, bool]:
    """Returns whether each slot is required."""
    return {slot["name"]: slot["required"] for slot in stored}
