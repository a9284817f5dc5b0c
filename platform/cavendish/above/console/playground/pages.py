"""The page of the playground: the form, and a result or what one can begin with."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from accounts.authentication.stream_tokens import stream_token
from accounts.roles.permissions import Permission
from cavendish.above.console.pictures.shapes import Sight
from cavendish.above.console.playground.choices import choices_of
from cavendish.above.console.playground.form import Form
from cavendish.above.console.playground.prompt_templates import (
    TemplateShown,
    practices,
    template_of,
    templates_offered,
    with_template,
)
from cavendish.above.console.playground.quotes import quoted
from cavendish.above.console.playground.references import references_shown
from cavendish.above.console.playground.refusals import Refused
from cavendish.above.console.playground.results import (
    Result,
    again_of,
    generation_id_of,
    may_go_on,
    recent_pictures,
)
from cavendish.above.console.playground.snippets import snippets_of
from cavendish.above.console.workplace import Workplace
from cavendish.gemini.catalog import Model

RECENT = 12
FIRST_TEMPLATES = 6
"""Beside an empty form."""


@dataclass(frozen=True)
class Shown:
    """What the page shows beside its form: a result, and why the form was not accepted.

    `other_mode` says that the address names a result of the mode that is not shown.
    """

    result: Result | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    refused: Refused | None = None
    other_mode: bool = False


def form_context(work: Workplace, form: Form, offered: Sequence[Model], shown: Shown) -> dict[str, Any]:
    """Returns what the templates of the form need. Opens the tenant's context."""
    template = template_of(work, form)
    form = with_template(form, template)
    references = references_shown(work, form.references)
    beside = {each.id: shown.errors.get(f"reference-{place}", "") for place, each in enumerate(form.references, 1)}
    errors = dict(shown.errors)
    kept = {each.reference.id for each in references}
    if lost := [text for id, text in beside.items() if text and id not in kept]:
        errors["reference"] = lost[0]
    form = replace(form, references=tuple(each.reference for each in references))
    choices = choices_of(work, form, offered)
    # Errors of a quote say what is not filled in yet; those of a click say what stood in its way.
    quote = quoted(work, form)
    return {
        "form": form,
        "choices": choices,
        "template": template,
        "filled": template.filled(form.values) if template else "",
        "references": [(each, beside[each.reference.id]) for each in references],
        "slots": _slots(template, shown.errors),
        "quote": quote,
        "errors": errors,
        "refused": shown.refused,
        "result": shown.result,
        "practices": practices(),
        "once": secrets.token_urlsafe(12),
        "going_on": _going_on(form, shown.result),
        "earlier": reverse("console:playground_result", args=[form.previous])
        if generation_id_of(form.previous)
        else "",
    }


def _slots(template: TemplateShown | None, errors: Mapping[str, str]) -> list[tuple[Any, str]]:
    return [(slot, errors.get(f"slot-{slot.name}", "")) for slot in template.slots] if template else []


def _going_on(form: Form, result: Result | None) -> bool:
    """Returns whether the form's next turn goes on from the result that is shown."""
    return bool(result and form.previous and form.previous == result.sight.public_id)


def result_context(work: Workplace, result: Result) -> dict[str, Any]:
    """Returns what the template of a result needs. Opens the tenant's context."""
    before = result.turns[result.number - 2].sight if result.turns and result.number > 1 else None
    token, _ends = stream_token(work.principal) if result.pending else ("", None)
    return {
        "result": result,
        "sight": result.sight,
        "again": again_of(work, result.sight),
        "once": secrets.token_urlsafe(12),
        "snippets": snippets_of(result.sight, previous=before),
        "goes_on": may_go_on(result.sight),
        "stream": token,
        **_waiting(result.sight),
    }


def _waiting(sight: Sight) -> dict[str, Any]:
    """Returns what a running generation shows: seconds so far, percent of what it likely takes, its picture's shape."""
    if not sight.pending:
        return {}
    row, left = sight.generation, sight.detail.estimated_seconds or 1
    waited = max((timezone.now() - row.created_at).total_seconds(), 0)
    across, _, down = (row.aspect_ratio or "1:1").partition(":")
    return {
        "waited": round(waited),
        "progress": min(round(100 * waited / (waited + left)), 97),
        "shape": (int(across) * 100, int(down or 1) * 100),
    }


def page_show(
    request: HttpRequest, work: Workplace, form: Form, offered: Sequence[Model], shown: Shown, *, status: int = 200
) -> HttpResponse:
    """Shows the page; who may not generate sees it without its form."""
    context: dict[str, Any] = {"may_generate": work.may(Permission.GENERATE), "result": shown.result}
    context |= {"other_mode": shown.other_mode, "other_live": not work.livemode}
    if context["may_generate"]:
        context |= form_context(work, form, offered, shown)
    if shown.result is not None:
        context |= result_context(work, shown.result)
    else:
        own, shipped = templates_offered(work)
        context |= {
            "recent": recent_pictures(work, RECENT),
            "first_templates": [*own[: FIRST_TEMPLATES // 2], *shipped][:FIRST_TEMPLATES],
            "practices": practices(),
        }
    return render(request, "console/playground/playground.html", context, status=status)
