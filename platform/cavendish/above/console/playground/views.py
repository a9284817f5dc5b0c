"""The playground: ask for a picture, follow it, go on from it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.authentication.stream_tokens import stream_token
from accounts.limits import current_reservation
from accounts.roles.permissions import Permission
from cavendish.above.console.pages import console_page
from cavendish.above.console.pictures.sight import sight_of, sights_of
from cavendish.above.console.playground.accepting import accept
from cavendish.above.console.playground.form import Form, form_first, form_of_data, form_of_request
from cavendish.above.console.playground.pages import Shown, form_context, page_show, result_context
from cavendish.above.console.playground.prompt_templates import template_of, templates_offered
from cavendish.above.console.playground.quotes import quoted
from cavendish.above.console.playground.references import reference_upload
from cavendish.above.console.playground.refusals import Refused, errors_of, refused_of, upload_sentence
from cavendish.above.console.playground.results import (
    FINISH,
    REPEAT,
    Result,
    body_for,
    generation_id_of,
    may_go_on,
    recent_pictures,
    result_of,
    settings_of,
)
from cavendish.above.console.upload_admission import takes_files
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.labels import label
from cavendish.above.ui.marks import named
from cavendish.above.ui.public_ids import find_or_404
from cavendish.above.ui.sayings import said
from cavendish.above.ui.scripts import is_scripted
from cavendish.db import ids
from cavendish.http.problems import Problem
from generations.labels.services import generation_tag
from generations.request import MAX_VARIANTS
from generations.request.media_types import EXTENSIONS
from generations.selectors import generation_find, models_offered, output_find
from generations.services import generation_cancel
from generations.show.prompts import prompts_of
from generations.show.stored_bytes import bytes_response

PICKED = 60
"""Pictures of the gallery that the form offers as references."""


@console_page(Permission.READ, section="playground")
def playground(request: HttpRequest, work: Workplace) -> HttpResponse:
    """An empty form, or what the address fills in: `prompt`, `template`, `reference`, `model`, `size`, `from`, `edit`.

    `from` goes on from a generation, `edit` fills the form with its request.
    """
    if (goes_on := request.GET.get("from", "")) and set(request.GET) == {"from"}:
        return HttpResponseRedirect(_address(goes_on) + "#prompt")
    offered = models_offered(work.principal)
    base, result = None, None
    if edit := request.GET.get("edit", ""):
        result = _result(request, work, edit)
        base = form_of_request(result.sight.request, offered) if result else None
    elif goes_on:
        result = _result(request, work, goes_on)
        base = _next_turn(result, offered) if result else None
    # `from` is judged above: another's id would only be refused later.
    data = request.GET.copy()
    data.pop("from", None)
    form = form_of_data(data, offered, base=base)
    return page_show(request, work, form, offered, Shown(result))


@console_page(Permission.READ, section="playground")
def playground_result(request: HttpRequest, work: Workplace, generation_id: str) -> HttpResponse:
    """A generation, running or ended, and the form for the next turn; after a failure the form to try again."""
    result = _result(request, work, generation_id)
    if result is None:
        if not _of_other_mode(work, generation_id):
            raise Http404
        offered = models_offered(work.principal)
        return page_show(request, work, form_first(offered), offered, Shown(other_mode=True))
    offered = models_offered(work.principal)
    return page_show(request, work, _next_turn(result, offered), offered, Shown(result))


def _next_turn(result: Result, offered: Any) -> Form:
    """Returns the form beside a result: its next turn with its settings, or the same again where it did not succeed."""
    form = form_of_request(result.sight.request, offered)
    if result.sight.pending or may_go_on(result.sight):
        return replace(form, prompt="", template="", values={}, references=(), previous=result.sight.public_id, seed="")
    return form


def _result(request: HttpRequest, work: Workplace, public_id: str) -> Result | None:
    generation_id = generation_id_of(public_id)
    return result_of(work, generation_id) if generation_id else None


def _of_other_mode(work: Workplace, public_id: str) -> bool:
    generation_id = generation_id_of(public_id)
    if generation_id is None:
        return False
    with work.reading():
        return generation_find(generation_id, livemode=not work.livemode) is not None


def _address(public_id: str) -> str:
    return reverse("console:playground_result", args=[public_id])


@console_page(Permission.GENERATE, section="playground")
def playground_generate(request: HttpRequest, work: Workplace) -> HttpResponse:
    """Accepts what the form asks for and leads to its page; else shows the form again, with all that was typed.

    `step` other than "generate" changes the form without a script: "show", "text", "remove:ID".
    """
    if request.method != "POST":
        return HttpResponseRedirect(reverse("console:playground"))
    offered = models_offered(work.principal)
    form = form_of_data(request.POST, offered)
    shown = Shown(_result(request, work, form.previous) if form.previous else None)
    step = request.POST.get("step", "generate")
    if step != "generate":
        return page_show(request, work, _stepped(work, form, step), offered, shown)
    try:
        accepted = accept(request, work, form.body())
    except Problem as problem:
        errors, refused = _refusal(problem, form, work)
        shown = Shown(shown.result, errors, refused)
        return page_show(request, work, form, offered, shown, status=422)
    for generation_id in accepted if form.tags else ():
        generation_tag(tenant_id=work.tenant_id, generation_id=generation_id, livemode=work.livemode, tags=form.tags)
    return HttpResponseRedirect(_address(_public(accepted[0])))


def _refusal(problem: Problem, form: Form, work: Workplace) -> tuple[dict[str, str], Refused | None]:
    """Returns sentences beside fields; where there is none that fits, what to do about the whole."""
    errors = errors_of(problem, form)
    other = errors.pop("", "")
    if errors and problem.code == "invalid_request":
        return errors, None
    refused = refused_of(problem, work)
    return errors, Refused(refused.title, label(other)) if other and problem.code == "invalid_request" else refused


def _stepped(work: Workplace, form: Form, step: str) -> Form:
    if step.startswith("remove:"):
        kept = tuple(each for each in form.references if each.id != step.removeprefix("remove:"))
        return replace(form, references=kept)
    if step == "text" and (template := template_of(work, form)) is not None:
        return replace(form, prompt=template.filled(form.values), template="", values={}, language="")
    return form


def _public(generation_id: UUID) -> str:
    return ids.encode(ids.GENERATION, generation_id)


@console_page(Permission.GENERATE, section="playground")
def playground_form(request: HttpRequest, work: Workplace) -> HttpResponse:
    """The form for what it holds: after the model was changed, a template taken or turned into text.

    `edit` fills it with the request of a generation.
    """
    data: QueryDict = request.POST if request.method == "POST" else request.GET
    offered = models_offered(work.principal)
    edited = _result(request, work, str(data["edit"])) if data.get("edit") else None
    base = form_of_request(edited.sight.request, offered) if edited else None
    form = _stepped(work, form_of_data(data, offered, base=base), data.get("step", "show"))
    result = _result(request, work, form.previous) if form.previous else None
    return render(request, "console/playground/fields.html", form_context(work, form, offered, Shown(result)))


@console_page(Permission.GENERATE, section="playground")
def playground_quote(request: HttpRequest, work: Workplace) -> HttpResponse:
    """What the form would cost now, for the button."""
    offered = models_offered(work.principal)
    form = form_of_data(request.POST if request.method == "POST" else request.GET, offered)
    template = template_of(work, form)
    filled = template.filled(form.values) if template else ""
    context = {"form": form, "quote": quoted(work, form), "filled": filled, "fresh": True}
    return render(request, "console/playground/quote.html", context)


@takes_files
@console_page(Permission.FILES, section="playground")
def playground_upload(request: HttpRequest, work: Workplace) -> HttpResponse:
    """Stores a file as a reference: a script gets its row, without one the whole form comes with it."""
    if request.method != "POST":
        return HttpResponseRedirect(reverse("console:playground"))
    scripted = is_scripted(request)
    errors, refused, added = {}, None, None
    upload = request.FILES.get("file")
    if not isinstance(upload, UploadedFile):
        errors["reference"] = _("Choose a picture first.")
    else:
        try:
            added = reference_upload(work, upload)
        except Problem as problem:
            errors["reference"] = named(upload.name, upload_sentence(problem, work))
    offered = models_offered(work.principal)
    form = form_of_data(request.POST, offered)
    if scripted:
        context = {"shown": added, "error": errors.get("reference", ""), "form": form, "swapped": True}
        if added is not None:
            context |= form_context(work, replace(form, references=(added.reference,)), offered, Shown())
            context |= {"shown": added, "error": ""}
        return render(request, "console/playground/reference.html", context)
    if added is not None:
        form = replace(form, references=(*form.references, added.reference))
    result = _result(request, work, form.previous) if form.previous else None
    shown = Shown(result, errors, refused)
    return page_show(request, work, form, offered, shown, status=422 if errors else 200)


@console_page(Permission.GENERATE, section="playground")
def playground_pictures(request: HttpRequest, work: Workplace) -> HttpResponse:
    """The newest pictures, to take as references: a dialog, or a page whose links fill the form."""
    context = {
        "pictures": recent_pictures(work, PICKED),
        "scripted": is_scripted(request),
    }
    template = "pictures_panel.html" if context["scripted"] else "pictures.html"
    return render(request, f"console/playground/{template}", context)


@console_page(Permission.READ, section="playground")
def playground_templates(request: HttpRequest, work: Workplace) -> HttpResponse:
    """Templates to start from."""
    own, shipped = templates_offered(work)
    context = {"own": own, "shipped": shipped, "scripted": is_scripted(request)}
    template = "templates_panel.html" if context["scripted"] else "templates.html"
    return render(request, f"console/playground/{template}", context)


@console_page(Permission.READ, section="playground")
def playground_run(request: HttpRequest, work: Workplace, generation_id: str) -> HttpResponse:
    """The result as it stands, for the page that follows it: 204 where it is what `seen` names."""
    result = _result(request, work, generation_id)
    if result is None:
        raise Http404
    if request.GET.get("seen") == result.state:
        return HttpResponse(status=204)
    context = result_context(work, result) | {"fragment": True, "may_generate": work.may(Permission.GENERATE)}
    if not result.sight.pending and context["may_generate"]:
        form = _next_turn(result, models_offered(work.principal))
        context |= {"form": form, "going_on": form.previous == result.sight.public_id}
    return render(request, "console/playground/result.html", context)


@console_page(Permission.READ, section="playground")
def playground_token(request: HttpRequest, work: Workplace) -> HttpResponse:
    """A new token for the stream of events, whose tokens last a quarter of an hour."""
    current_reservation().open(work.principal.limits, pictures=False)
    token, _ends = stream_token(work.principal)
    return JsonResponse({"token": token}, headers={"Cache-Control": "no-store"})


@console_page(Permission.GENERATE, section="playground")
def playground_cancel(request: HttpRequest, work: Workplace, generation_id: str) -> HttpResponse:
    """Cancels a generation and all variants of its request that have not ended."""
    result = _result(request, work, generation_id)
    if result is None:
        raise Http404
    if request.method == "POST":
        sights = [turn.sight for turn in result.variants] or [result.sight]
        for sight in sights:
            if sight.pending:
                try:
                    generation_cancel(
                        tenant_id=work.tenant_id,
                        generation_id=sight.generation.id,
                        livemode=work.livemode,
                        actor=work.actor,
                    )
                except Problem as problem:  # it ended meanwhile
                    messages.info(request, said(problem.detail))
    if is_scripted(request):
        return HttpResponse(status=204, headers={"HX-Trigger": "run-changed"})
    return HttpResponseRedirect(_address(result.sight.public_id))


@console_page(Permission.GENERATE, section="playground")
def playground_repeat(request: HttpRequest, work: Workplace, generation_id: str) -> HttpResponse:
    """Makes a result larger: the same request again, or the same picture as its next turn (`how`)."""
    row_id = generation_id_of(generation_id)
    sight = sight_of(work, row_id) if row_id else None
    if sight is None:
        raise Http404
    how = request.POST.get("how", "")
    if request.method != "POST" or how not in {REPEAT, FINISH} or not sight.request:
        return HttpResponseRedirect(_address(sight.public_id))
    try:
        accepted = accept(request, work, body_for(sight, how))
    except Problem as problem:
        refused = refused_of(problem, work)
        messages.error(request, f"{refused.title}. {refused.text}")
        return HttpResponseRedirect(_address(sight.public_id))
    return HttpResponseRedirect(_address(_public(accepted[0])))


@console_page(Permission.READ, section="playground")
def playground_download(request: HttpRequest, work: Workplace, output_id: str) -> HttpResponseBase:
    """The original, byte for byte, under a name that begins as its prompt does."""
    with work.reading():
        output = find_or_404(ids.OUTPUT, output_id, lambda value: output_find(value, livemode=work.livemode))
        prompt = prompts_of([output.generation_id], most=60)[output.generation_id]
    name = f"{slugify(prompt)[:40].strip('-') or 'picture'}-{output_id[-8:]}.{EXTENSIONS.get(output.mime_type, 'bin')}"
    return bytes_response(
        output.storage_key,
        mime_type=output.mime_type,
        size=output.bytes,
        sha256=output.sha256,
        name=name,
        more={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@console_page(Permission.READ, section="playground")
def playground_compare(request: HttpRequest, work: Workplace) -> HttpResponse:
    """Generations side by side: `ids`, parted by commas, up to eight."""
    wanted = [generation_id_of(text.strip()) for text in request.GET.get("ids", "").split(",")[: MAX_VARIANTS * 2]]
    sights = sights_of(work, list(dict.fromkeys(id for id in wanted if id is not None))[:MAX_VARIANTS])
    context = {
        "sights": sights,
        "settings": settings_of(sights) if sights else [],
        "grounded": any(sight.is_grounded for sight in sights),
        "may_generate": work.may(Permission.GENERATE),
    }
    return render(request, "console/playground/compare.html", context)
