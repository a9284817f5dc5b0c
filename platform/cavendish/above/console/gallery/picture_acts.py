"""Share links of a picture, and its end."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from accounts.roles.permissions import Permission
from cavendish.above.console.gallery.acts import DeletePicture, RevokeLink, Share
from cavendish.above.console.gallery.addresses import gallery_page, output_page
from cavendish.above.console.gallery.details import links_of, output_of
from cavendish.above.console.pages import console_act, console_page
from cavendish.above.console.pictures.shapes import Sight
from cavendish.above.console.pictures.sight import sights_read
from cavendish.above.console.workplace import Workplace
from cavendish.db import ids


@console_page(Permission.GENERATE, section="gallery")
def share(request: HttpRequest, work: Workplace, output_id: str) -> HttpResponseBase:
    act = Share(request.POST or None, work=work, sight=_sight(work, output_id))
    return console_act(request, work, act, back=output_page(request, output_id))


@console_page(Permission.GENERATE, section="gallery")
def revoke(request: HttpRequest, work: Workplace, output_id: str, link_id: str) -> HttpResponseBase:
    with work.reading():
        output = output_of(work, ids.decode(ids.OUTPUT, output_id))
        links = links_of(output.generation) if output else []
    link = next((link for link in links if link.id == link_id), None)
    if link is None:
        raise Http404
    act = RevokeLink(request.POST or None, work=work, link=link)
    return console_act(request, work, act, back=output_page(request, output_id))


@console_page(Permission.GENERATE, section="gallery")
def delete(request: HttpRequest, work: Workplace, output_id: str) -> HttpResponseBase:
    act = DeletePicture(request.POST or None, work=work, sight=_sight(work, output_id))
    return console_act(request, work, act, back=gallery_page(request))


def _sight(work: Workplace, output_id: str) -> Sight:
    """Returns the sight of a picture's generation. Raises Http404."""
    with work.reading():
        output = output_of(work, ids.decode(ids.OUTPUT, output_id))
        if output is None:
            raise Http404
        return sights_read([output.generation])[0]
