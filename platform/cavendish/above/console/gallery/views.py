"""The pages of gallery."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.roles.permissions import Permission
from cavendish.above.console.pages import console_page
from cavendish.above.console.pictures.sight import sight_of
from cavendish.above.console.workplace import Workplace
from cavendish.db import ids
from generations.selectors import output_find


@console_page(Permission.READ, section="gallery")
def gallery(request: HttpRequest, work: Workplace) -> HttpResponse:
    return render(request, "console/gallery/gallery.html")


@console_page(Permission.READ, section="gallery")
def gallery_output(request: HttpRequest, work: Workplace, output_id: str) -> HttpResponse:
    row_id = ids.decode(ids.OUTPUT, output_id)
    with work.reading():
        output = output_find(row_id, livemode=work.livemode) if row_id else None
    sight = sight_of(work, output.generation_id) if output else None
    picture = sight.picture(output.id) if sight and output else None
    if picture is None:
        raise Http404
    return render(request, "console/gallery/output.html", {"sight": sight, "picture": picture})
