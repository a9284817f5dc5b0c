"""The gallery, and a picture in it: a page of its own, or the panel beside the wall."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from accounts.roles.permissions import Permission
from cavendish.above.console.gallery.details import details_of, output_of
from cavendish.above.console.gallery.lists import gallery_list, pictures_of
from cavendish.above.console.gallery.menus import filter_line, query_of
from cavendish.above.console.gallery.wall import days_of, tiles_read
from cavendish.above.console.pages import console_page
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.lists import list_read
from cavendish.above.ui.scripts import is_scripted
from cavendish.db import ids
from generations.models import Output

MOST_LOOKS = 20
BEFORE = 6
"""Newer pictures that stand before one further back."""


@console_page(Permission.READ, section="gallery")
def gallery(request: HttpRequest, work: Workplace) -> HttpResponse:
    """The wall. `part=tiles` is what it loads on: the next tiles, under the heading that stands already."""
    with work.reading():
        if request.GET.get("part") == "tiles":
            context = _wall(request, work)
            return render(request, "console/gallery/tiles.html", context, status=context["status"])
        context = _whole(request, work)
        return render(request, "console/gallery/gallery.html", context, status=context["status"])


@console_page(Permission.READ, section="gallery")
def gallery_output(request: HttpRequest, work: Workplace, output_id: str) -> HttpResponse:
    """A picture: the panel for a script, else the whole page with the wall behind it."""
    scripted = is_scripted(request)
    with work.reading():
        output = output_of(work, ids.decode(ids.OUTPUT, output_id))
        details = details_of(work, output) if output else None
        if output is None or details is None:
            raise Http404
        context: dict[str, Any] = {
            "details": details,
            "query": query_of(request).urlencode(),
            "can_generate": work.may(Permission.GENERATE),
        }
        if scripted:
            response = render(request, "console/gallery/panel.html", context)
        else:
            context |= _whole(request, work, chosen=output)
            response = render(request, "console/gallery/gallery.html", context)
    # One address, two answers: a page that the browser kept must not be mistaken for the other.
    patch_vary_headers(response, ["HX-Request"])
    return response


def _begin(work: Workplace, chosen: Output, *, alone: bool) -> UUID:
    """Returns with which picture the wall begins for one further back: a row before it, where no filter is set."""
    if not alone:
        return chosen.id
    newer = pictures_of(work).filter(id__gt=chosen.id).order_by("id").values_list("id", flat=True)[:BEFORE]
    return max([chosen.id, *newer])


def _whole(request: HttpRequest, work: Workplace, *, chosen: Output | None = None) -> dict[str, Any]:
    """Returns what the page shows: the line of filters above the wall."""
    wall = _wall(request, work, chosen=chosen)
    return {**wall, "line": filter_line(request, work, wall["given"], wall["base"])}


def _wall(request: HttpRequest, work: Workplace, *, chosen: Output | None = None) -> dict[str, Any]:
    """Returns what the wall shows. It begins with the newest, or with the chosen picture where that is further back."""
    base = reverse("console:gallery")
    read = list_read(request, gallery_list(request, work))
    begins_with_chosen = chosen is not None and all(row.id != chosen.id for row in read.page.rows)
    if chosen is not None and begins_with_chosen:
        read = list_read(request, gallery_list(request, work, up_to=_begin(work, chosen, alone=not read.is_filtered)))
    tiles = tiles_read(read.page.rows)
    place = next(
        (place for place, tile in enumerate(tiles) if chosen and tile.id == ids.encode(ids.OUTPUT, chosen.id)), -1
    )
    query = query_of(request)
    # Looks that found nothing, one after the other: after some of them people say whether it is to go on.
    text = request.GET.get("looks", "0")
    looks = 0 if tiles else (int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0) + 1
    return {
        "days": days_of(tiles, begun=request.GET.get("day", "")),
        "page": read.page,
        "errors": read.errors,
        "status": read.status,
        "filtered": read.is_filtered,
        "given": read.given,
        "query": query.urlencode(),
        "base": base,
        "can_generate": work.may(Permission.GENERATE),
        "given_day": request.GET.get("day", ""),
        "chosen": ids.encode(ids.OUTPUT, chosen.id) if chosen else "",
        "newest": base if begins_with_chosen or read.page.newer else "",
        "newer_tile": tiles[place - 1] if place > 0 else None,
        "older_tile": tiles[place + 1] if 0 <= place < len(tiles) - 1 else None,
        "looks": looks,
        "looks_on": looks <= MOST_LOOKS,
        "last_day": tiles[-1].day.isoformat() if tiles else request.GET.get("day", ""),
    }
