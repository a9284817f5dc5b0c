"""What people put on a picture with one click: a star, a rating, tags, its place in collections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.roles.permissions import Permission
from cavendish.above.console.gallery.addresses import output_page
from cavendish.above.console.gallery.details import labels_of, output_of
from cavendish.above.console.gallery.menus import query_of
from cavendish.above.console.pages import console_page
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.marks import clauses, entries
from cavendish.above.ui.refusals import refusal_text
from cavendish.above.ui.sayings import said
from cavendish.above.ui.scripts import is_scripted
from cavendish.db import ids
from cavendish.db.storable import is_storable
from cavendish.http.problems import Problem
from generations.collections.services import collection_create, collection_output_add, collection_output_remove
from generations.labels.services import generation_tags_change, output_label
from generations.models import GenerationTag, Output

MAX_NAME_CHARS = 100
RATINGS = {"": None, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5}


def _mark(change: Callable[[HttpRequest, Workplace, Output], None]) -> Any:
    """Makes a change of one picture an address: a script gets the labels anew, others go back to the picture."""

    @console_page(Permission.GENERATE, section="gallery")
    def view(request: HttpRequest, work: Workplace, output_id: str) -> HttpResponse:
        with work.reading():
            output = output_of(work, ids.decode(ids.OUTPUT, output_id))
        if output is None:
            raise Http404
        problem = ""
        if request.method == "POST":
            try:
                change(request, work, output)
            except Problem as refusal:
                problem = clauses(*(said(error.detail) for error in refusal.errors)) or refusal_text(refusal)
        if not is_scripted(request):
            if problem:
                messages.error(request, problem)
            return HttpResponseRedirect(output_page(request, output_id))
        with work.reading():
            again = output_of(work, output.id)
            if again is None:
                raise Http404
            tags = GenerationTag.objects.filter(generation_id=again.generation_id).order_by("id")
            labels = labels_of(work, again, list(tags.values_list("tag", flat=True)))
            context = {
                "labels": labels,
                "problem": problem,
                "query": query_of(request).urlencode(),
                "can_generate": True,
            }
            return render(request, "console/gallery/labels.html", context)

    return view


def _label(request: HttpRequest, work: Workplace, output: Output) -> None:
    changed: dict[str, Any] = {}
    if "favorite" in request.POST:
        changed["favorite"] = request.POST["favorite"] == "yes"
    if request.POST.get("rating", "-") in RATINGS:
        changed["rating"] = RATINGS[request.POST["rating"]]
    output_label(tenant_id=work.tenant_id, output_id=output.id, livemode=work.livemode, changed=changed)


def _tags(request: HttpRequest, work: Workplace, output: Output) -> None:
    add, remove = request.POST.get("add", "").strip(), request.POST.get("remove", "")
    if add or remove:
        generation_tags_change(
            tenant_id=work.tenant_id,
            generation_id=output.generation_id,
            livemode=work.livemode,
            add=entries(add),
            remove=[remove] if remove else [],
        )


def _collections(request: HttpRequest, work: Workplace, output: Output) -> None:
    name = request.POST.get("name", "").strip()
    here: dict[str, Any] = {"tenant_id": work.tenant_id, "livemode": work.livemode}
    added, removed = (ids.decode(ids.COLLECTION, request.POST.get(word, "")) for word in ("add", "remove"))
    if name:
        if len(name) > MAX_NAME_CHARS or not is_storable(name):
            detail = _("A name has at most %s characters.").replace("%s", str(MAX_NAME_CHARS))
            raise Problem(422, "invalid_request", detail)
        added = collection_create(**here, name=name).id
    if added is not None:
        collection_output_add(**here, collection_id=added, output_id=output.id)
    if removed is not None:
        collection_output_remove(**here, collection_id=removed, output_id=output.id)


label = _mark(_label)
tags = _mark(_tags)
memberships = _mark(_collections)
