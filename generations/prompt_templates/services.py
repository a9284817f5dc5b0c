"""Writes of tenants' own prompt templates. Every change is a version of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import F

from accounts.actor import Actor
from accounts.audit.services import audit_add
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import FieldError, escape, invalid, shown
from generations.errors import TooManyTemplates
from generations.models import PromptTemplate, PromptTemplateVersion
from generations.prompt_templates.bodies import MAX_SLOTS, RESERVED
from generations.prompt_templates.selectors import slots_of, template_version_find
from generations.request import slots_in

MAX_TEMPLATES = 1_000
"""Of a tenant, in each mode."""
_SAYS = ("name", "description", "prompt", "slots", "example")


def template_create(
    *, tenant_id: UUID, livemode: bool, content: Mapping[str, Any], actor: Actor
) -> PromptTemplateVersion:
    """Creates a template in its first version. Raises TooManyTemplates, and Problem 422 for slots that do not fit."""
    settled = _settled(content, None)
    with tenant_context(tenant_id):
        if PromptTemplate.objects.filter(livemode=livemode).count() >= MAX_TEMPLATES:
            raise TooManyTemplates(MAX_TEMPLATES)
        template = PromptTemplate.objects.create(tenant_id=tenant_id, livemode=livemode)
        template.refresh_from_db(fields=["created_at"])
        row = _version_add(template, settled)
        _audit(actor, "created", row)
    return row


def template_update(
    *, tenant_id: UUID, template_id: UUID, livemode: bool, changed: Mapping[str, Any], actor: Actor
) -> PromptTemplateVersion | None:
    """Adds a version with what `changed` names; where it changes nothing, the newest stays the newest.

    Returns the newest version, None when there is no such template. Raises Problem 422 for slots that do not fit.
    """
    with tenant_context(tenant_id):
        rows = PromptTemplate.objects.filter(id=template_id, livemode=livemode)
        # The row stays locked until the end: each version has what the one before had.
        if not rows.update(version=F("version")):
            return None
        before = template_version_find(template_id, livemode=livemode)
        assert before is not None
        settled = _settled(changed, before)
        if all(getattr(before, name) == settled[name] for name in _SAYS):
            return before
        rows.update(version=F("version") + 1)
        row = _version_add(rows.get(), settled)
        _audit(actor, "updated", row)
    return row


def template_delete(*, tenant_id: UUID, template_id: UUID, livemode: bool, actor: Actor) -> bool:
    """Deletes a template with all its versions; what was made with it keeps its prompt. False when there is none."""
    with tenant_context(tenant_id):
        row = template_version_find(template_id, livemode=livemode)
        if row is None or not PromptTemplate.objects.filter(id=template_id, livemode=livemode).delete()[0]:
            return False
        _audit(actor, "deleted", row)
    return True


def _version_add(template: PromptTemplate, settled: Mapping[str, Any]) -> PromptTemplateVersion:
    row: PromptTemplateVersion = PromptTemplateVersion.objects.create(
        tenant_id=template.tenant_id, template=template, version=template.version, **settled
    )
    row.refresh_from_db(fields=["created_at"])
    row.template = template
    return row


def _settled(changed: Mapping[str, Any], before: PromptTemplateVersion | None) -> dict[str, Any]:
    """Returns what a version says: what `changed` names, and the rest as `before` had it. Raises Problem 422."""
    nothing: dict[str, Any] = {"description": "", "slots": [], "example": {}}
    old = {name: getattr(before, name) for name in _SAYS} if before else nothing
    says = {name: changed.get(name, old.get(name)) for name in _SAYS}
    in_prompt = slots_in(says["prompt"])
    if "slots" in changed:
        says["slots"] = [
            {"name": slot["name"], "label": slot.get("label", slot["name"]), "required": slot.get("required", True)}
            for slot in changed["slots"]
        ]
        _check_slots(says["slots"], in_prompt)
    elif before is None or says["prompt"] != before.prompt:
        says["slots"] = _slots_kept(in_prompt, old["slots"], slots_in(before.prompt) if before else [])
    names = slots_of(says["slots"])
    if "example" in changed:
        says["example"] = changed["example"]["values"]
        _check_example(says["example"], names)
    else:
        says["example"] = {name: value for name, value in old["example"].items() if name in names}
    return says


def _slots_kept(
    in_prompt: Sequence[str], old: Sequence[Mapping[str, Any]], in_old_prompt: Sequence[str]
) -> list[dict[str, Any]]:
    """Returns the slots of a prompt that came without any: the old ones that it has, and all that are new in it.

    What stood in brackets before and was no slot is none now.
    """
    known = {slot["name"]: dict(slot) for slot in old}
    names = [name for name in in_prompt if name in known or name not in in_old_prompt]
    if len(names) > MAX_SLOTS:
        detail = f"{len(names)} slots stand in the prompt; at most {MAX_SLOTS} are taken."
        raise invalid([FieldError("/prompt", "too_many", detail)])
    if RESERVED in names:
        raise invalid([FieldError("/prompt", "unknown_value", f"[{RESERVED}] is reserved; choose another name.")])
    return [known.get(name) or {"name": name, "label": name, "required": True} for name in names]


def _check_slots(slots: Sequence[Mapping[str, Any]], in_prompt: Sequence[str]) -> None:
    errors = []
    for index, slot in enumerate(slots):
        name = slot["name"]
        if name not in in_prompt:
            detail = f"The prompt does not contain [{name}]."
            errors.append(FieldError(f"/slots/{index}/name", "unknown_value", detail))
        if any(other["name"] == name for other in slots[:index]):
            errors.append(FieldError(f"/slots/{index}/name", "repeated", f"There is a slot {shown(name)} already."))
    if errors:
        raise invalid(errors)


def _check_example(values: Mapping[str, str], slots: Mapping[str, bool]) -> None:
    errors = [
        FieldError(f"/example/values/{escape(name)}", "unknown_field", f"{shown(name)} is no slot of this template.")
        for name in values
        if name not in slots
    ]
    if errors:
        raise invalid(errors)


def _audit(actor: Actor, done: str, row: PromptTemplateVersion) -> None:
    facts = {"name": row.name, "version": row.version}
    audit_add(
        actor=actor,
        action=f"template.{done}",
        tenant_id=row.tenant_id,
        target="template",
        target_id=row.template_id,
        before=facts if done == "deleted" else None,
        after=facts if done != "deleted" else None,
    )
