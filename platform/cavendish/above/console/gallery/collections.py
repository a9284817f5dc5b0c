"""Collections: the list of them, and what is done to one."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles.permissions import Permission
from cavendish.above.console.gallery.acts import DeleteCollection, NewCollection, RenameCollection
from cavendish.above.console.pages import console_act, console_page
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui import formats
from cavendish.above.ui.cells import in_row, unseen
from cavendish.above.ui.lists import Column, Filter, List, list_page
from cavendish.above.ui.public_ids import find_or_404
from cavendish.db import ids
from generations.collections.selectors import collection_find, output_counts
from generations.models import Collection


@console_page(Permission.READ, section="gallery")
def collections(request: HttpRequest, work: Workplace) -> HttpResponseBase:
    may_change = work.may(Permission.GENERATE)
    counts: dict[UUID, int] = {}
    table: List[Collection] = List(
        title=gettext_lazy("Collections"),
        rows=lambda: Collection.objects.filter(tenant_id=work.tenant_id, livemode=work.livemode),
        columns=(
            Column(gettext_lazy("Name"), _name, kind="th"),
            Column(gettext_lazy("Pictures"), lambda row: formats.count(counts.get(row.id, 0)), kind="r"),
            Column(gettext_lazy("Made"), lambda row: formats.ago(row.created_at), wide=True),
            Column(gettext_lazy("Id"), lambda row: formats.copy_id(ids.encode(ids.COLLECTION, row.id)), wide=True),
            *([Column(unseen(gettext_lazy("Actions")), _actions, kind="r")] if may_change else []),
        ),
        filters=(Filter("name", gettext_lazy("Name"), lambda rows, text: rows.filter(name__icontains=text)),),
        prepare=lambda rows: counts.update(output_counts(row.id for row in rows)),
        empty=gettext_lazy("A collection holds pictures under a name. Select pictures in the gallery to begin one."),
    )
    new = {
        "address": reverse("console:gallery_collection_new"), "word": _("New collection"), "main": True, "dialog": True
    }  # fmt: skip
    context = {"actions": [new] if may_change else []}
    with work.reading():
        return list_page(request, table, template="console/gallery/collections.html", context=context)


@console_page(Permission.GENERATE, section="gallery")
def collection_new(request: HttpRequest, work: Workplace) -> HttpResponseBase:
    return console_act(request, work, NewCollection(request.POST or None, work=work), back=_list())


@console_page(Permission.GENERATE, section="gallery")
def collection_rename(request: HttpRequest, work: Workplace, collection_id: str) -> HttpResponseBase:
    act = RenameCollection(request.POST or None, work=work, collection=collection_of(work, collection_id))
    return console_act(request, work, act, back=_list())


@console_page(Permission.GENERATE, section="gallery")
def collection_delete(request: HttpRequest, work: Workplace, collection_id: str) -> HttpResponseBase:
    act = DeleteCollection(request.POST or None, work=work, collection=collection_of(work, collection_id))
    return console_act(request, work, act, back=_list())


def _list() -> str:
    return reverse("console:gallery_collections")


def collection_of(work: Workplace, public_id: str) -> Collection:
    """Returns a collection of this mode. Raises Http404."""
    with work.reading():
        return find_or_404(ids.COLLECTION, public_id, lambda value: collection_find(value, livemode=work.livemode))


def _name(row: Collection) -> SafeString:
    address = f"{reverse('console:gallery')}?collection={ids.encode(ids.COLLECTION, row.id)}"
    if not row.description:
        return format_html('<a href="{}">{}</a>', address, row.name)
    return format_html('<a href="{}">{}</a> <span class="quiet">{}</span>', address, row.name, row.description)


def _actions(row: Collection) -> SafeString:
    public_id = ids.encode(ids.COLLECTION, row.id)
    return in_row(
        {
            "address": reverse(f"console:gallery_collection_{name}", args=[public_id]),
            "word": word,
            "of": row.name,
            "small": True,
            "dialog": True,
        }
        for name, word in (("rename", _("Rename")), ("delete", _("Delete")))
    )
