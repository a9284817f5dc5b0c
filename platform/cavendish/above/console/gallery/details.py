"""Everything that the side panel shows of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from cavendish.above.console.gallery.lists import pictures_of
from cavendish.above.console.gallery.menus import collections_newest
from cavendish.above.console.gallery.turns import Tree, tree_of
from cavendish.above.console.gallery.wall import Tile, tiles_read
from cavendish.above.console.pictures.facts import request_facts
from cavendish.above.console.pictures.shapes import Sight, SightPicture
from cavendish.above.console.pictures.sight import sights_read
from cavendish.above.console.workplace import Workplace
from cavendish.db import ids
from generations.models import Collection, CollectionOutput, Generation, Output, ShareLink
from generations.show.representation import share_link_json

MOST_VARIANTS, MOST_LINKS = 8, 20


@dataclass(frozen=True)
class Link:
    """A share link: its address, when it was made and when it ends (None: when it is revoked)."""

    id: str
    url: str
    created_at: datetime
    expires_at: datetime | None

    @property
    def is_over(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()


@dataclass(frozen=True)
class Place:
    """A collection, as a choice."""

    public_id: str
    name: str


@dataclass(frozen=True)
class Labels:
    """What the tenant says of a picture. `tags` are those of its generation; `others` are collections it is not in."""

    output: Output
    tags: Sequence[str]
    collections: Sequence[Place]
    others: Sequence[Place]

    @property
    def public_id(self) -> str:
        return ids.encode(ids.OUTPUT, self.output.id)

    @property
    def stars(self) -> Sequence[tuple[int, bool]]:
        """The numbers of stars and whether each is given."""
        return [(number, number <= (self.output.rating or 0)) for number in range(1, 6)]


@dataclass(frozen=True)
class Details:
    """A picture with its generation, its labels, the turns around it, its variants and its share links."""

    sight: Sight
    picture: SightPicture
    labels: Labels
    tree: Tree | None
    siblings: Sequence[Tile]
    """Other pictures of the same generation, and those of the request's other variants."""
    links: Sequence[Link]
    settings: Sequence[tuple[str, str]]

    @property
    def can_continue(self) -> bool:
        return self.sight.succeeded and self.sight.generation.store


def output_of(work: Workplace, output_id: UUID | None) -> Output | None:
    """Returns a picture of this mode that is shown, None where there is none. Needs the tenant's context."""
    row: Output | None = pictures_of(work).filter(id=output_id).first() if output_id else None
    return row


def labels_of(work: Workplace, output: Output, tags: Sequence[str]) -> Labels:
    """Returns the labels of a picture. Needs the tenant's context."""
    with_it = CollectionOutput.objects.filter(output=output.id).values_list("collection_id", flat=True)
    inside = list(Collection.objects.filter(livemode=work.livemode, id__in=list(with_it)).order_by("name"))
    known = {row.id for row in inside}
    others = [row for row in collections_newest(work) if row.id not in known]
    return Labels(output, tags, _places(inside), _places(others))


def details_of(work: Workplace, output: Output) -> Details | None:
    """Returns what is shown of a picture. Needs the tenant's context."""
    [sight] = sights_read([output.generation])
    picture = sight.picture(output.id)
    if picture is None:
        return None
    return Details(
        sight=sight,
        picture=picture,
        labels=labels_of(work, output, sight.tags),
        tree=tree_of(output.generation_id),
        siblings=_siblings(output),
        links=links_of(output.generation),
        settings=request_facts(sight),
    )


def links_of(generation: Generation) -> list[Link]:
    """Returns the newest share links of a generation. Needs the tenant's context."""
    rows = ShareLink.objects.filter(tenant_id=generation.tenant_id, generation_id=generation.id).order_by("-id")
    return [
        Link(ids.encode(ids.SHARE_LINK, row.id), share_link_json(row)["url"], row.created_at, row.expires_at)
        for row in rows[:MOST_LINKS]
    ]


def _places(rows: Sequence[Collection]) -> list[Place]:
    return [Place(ids.encode(ids.COLLECTION, row.id), row.name) for row in rows]


def _siblings(output: Output) -> list[Tile]:
    job = output.generation
    jobs = [job.id]
    if job.group_id is not None:
        group = Generation.objects.filter(group_id=job.group_id, deleted_at=None).order_by("id")
        jobs = list(group.values_list("id", flat=True)[:MOST_VARIANTS])
    rows = Output.objects.filter(generation__in=jobs, part=Output.Part.OUTPUT).select_related("generation")
    found = list(rows.order_by("generation_id", "index")[: 2 * MOST_VARIANTS])
    return tiles_read(found) if len(found) > 1 else []
