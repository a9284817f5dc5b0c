"""What is done with several pictures at once: downloaded as one ZIP, tagged, put together, deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles.permissions import Permission
from cavendish.above.console.gallery.acts import (
    CollectSeveral,
    DeleteSeveral,
    ForSeveral,
    TagSeveral,
    TakeOutSeveral,
)
from cavendish.above.console.gallery.addresses import gallery_page
from cavendish.above.console.gallery.archive import archive
from cavendish.above.console.gallery.collections import collection_of
from cavendish.above.console.gallery.lists import pictures_of
from cavendish.above.console.gallery.menus import collections_newest
from cavendish.above.console.pages import console_act, console_page
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui import formats
from cavendish.above.ui.scripts import towards
from cavendish.db import ids
from generations.models import Output

MOST = 100
MOST_BYTES = 2_000_000_000
"""Of one ZIP."""


@console_page(Permission.READ, section="gallery")
def selection_download(request: HttpRequest, work: Workplace) -> HttpResponseBase:
    """The originals in one ZIP, which is written as it is sent."""
    outputs = _selected(request, work)
    if (refusal := _refused(request, outputs)) is not None:
        return refusal
    total = sum(output.bytes for output in outputs)
    if total > MOST_BYTES:
        text = _("These pictures have {size} together; a ZIP holds up to {most}. Select fewer.")
        messages.error(request, text.format(size=formats.size(total), most=formats.size(MOST_BYTES)))
        return HttpResponseRedirect(gallery_page(request))
    name = f"{work.membership.slug}-{timezone.localtime():%Y-%m-%d-%H%M}.zip"
    response = StreamingHttpResponse(archive(outputs), content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@console_page(Permission.GENERATE, section="gallery")
def selection_tag(request: HttpRequest, work: Workplace) -> HttpResponseBase:
    return _act(request, work, TagSeveral)


@console_page(Permission.GENERATE, section="gallery")
def selection_collect(request: HttpRequest, work: Workplace) -> HttpResponseBase:
    with work.reading():
        known = collections_newest(work)
    return _act(request, work, CollectSeveral, known=known)


@console_page(Permission.GENERATE, section="gallery")
def selection_take_out(request: HttpRequest, work: Workplace) -> HttpResponseBase:
    """Takes them out of the collection that the gallery is narrowed to."""
    return _act(request, work, TakeOutSeveral, collection=collection_of(work, request.GET.get("collection", "")))


@console_page(Permission.GENERATE, section="gallery")
def selection_delete(request: HttpRequest, work: Workplace) -> HttpResponseBase:
    outputs = _selected(request, work)
    with work.reading():
        of_jobs = Output.objects.filter(
            generation__in={output.generation_id for output in outputs}, part=Output.Part.OUTPUT
        )
        others = of_jobs.exclude(id__in=[output.id for output in outputs]).count()
    return _act(request, work, DeleteSeveral, others=others)


def _act(request: HttpRequest, work: Workplace, act: type[ForSeveral], **more: Any) -> HttpResponseBase:
    outputs = _selected(request, work)
    if (refusal := _refused(request, outputs)) is not None:
        return refusal
    return console_act(
        request, work, act(request.POST or None, work=work, outputs=outputs, **more), back=gallery_page(request)
    )


def _refused(request: HttpRequest, outputs: Sequence[Output]) -> HttpResponseBase | None:
    if outputs and len(request.GET.getlist("output")) <= MOST:
        return None
    text = _("Select up to %s pictures at once.") if outputs else _("Select pictures first.")
    messages.error(request, text.replace("%s", str(MOST)))
    return towards(request, gallery_page(request))


def _selected(request: HttpRequest, work: Workplace) -> list[Output]:
    """Returns the pictures that the address names and that are there, in its order; at most MOST are looked for."""
    wanted: list[UUID] = []
    for text in request.GET.getlist("output")[:MOST]:
        row_id = ids.decode(ids.OUTPUT, text)
        if row_id is not None and row_id not in wanted:
            wanted.append(row_id)
    with work.reading():
        rows = pictures_of(work).filter(id__in=wanted)
        found = {row.id: row for row in rows}
    return [found[row_id] for row_id in wanted if row_id in found]
