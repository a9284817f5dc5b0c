"""A generation as its people see it: pictures, what belongs below them, what it cost, everything kept about it.

`console/pictures/sight.html` shows all of it in the order in which it has to stand; its parts (`picture.html`,
`grounding.html`, `cost.html`, `file.html`, …) can be placed one by one. They need `console/pictures.css`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.urls import reverse

from accounts.models import ApiKey, User
from cavendish.above.console.pictures.shapes import (
    Cost,
    CostLine,
    Maker,
    Reference,
    Sight,
    SightBlock,
    SightPicture,
    SmallerPicture,
)
from cavendish.above.console.workplace import Workplace
from cavendish.db import ids
from generations.derivatives.sizes import FORMATS, PREVIEW_FORMAT, WIDTHS, derived_size
from generations.models import File, Generation, Output
from generations.selectors import GenerationDetail, generations_load
from generations.show.pages.display import display_of, signed
from generations.show.prompts import Asked, asked_of
from generations.show.representation import output_path, provenance_json
from generations.show.signed_urls import url_sign


def sight_of(work: Workplace, generation_id: UUID) -> Sight | None:
    """Returns the sight of a generation of this mode, None where there is none. Opens the tenant's context."""
    return next(iter(sights_of(work, [generation_id])), None)


def sights_of(work: Workplace, generation_ids: Iterable[UUID]) -> list[Sight]:
    """Returns the sights of those that there are, in the order given. Opens the tenant's context."""
    wanted = list(generation_ids)
    with work.reading():
        rows = Generation.objects.filter(id__in=wanted, livemode=work.livemode, deleted_at=None)
        found = {row.id: row for row in rows}
        return sights_read([found[each] for each in wanted if each in found])


def sights_read(generations: Sequence[Generation]) -> list[Sight]:
    """Returns the sights of generations, in a fixed number of queries. Needs the tenant's context."""
    details = generations_load(generations)
    asked = asked_of(detail.generation.id for detail in details)
    makers = _makers(generations)
    files = _files(asked.values())
    return [_sight(detail, asked[detail.generation.id], makers[detail.generation.id], files) for detail in details]


def picture_of(output: Output, model: str, *, downloads: bool = True) -> SightPicture:
    """Returns a picture; `downloads` False leaves out what can be downloaded of it, for lists."""
    provenance = provenance_json(output, model)
    across: dict[int, str] = {}
    for width in WIDTHS:
        across.setdefault(derived_size(output.width, output.height, requested=width)[0], smaller_url(output, width))
    return SightPicture(
        id=output.id,
        public_id=ids.encode(ids.OUTPUT, output.id),
        number=output.index + 1,
        url=signed(output_path(output.id)),
        thumbnail=smaller_url(output, 512),
        srcset=", ".join(f"{url} {width}w" for width, url in across.items()),
        width=output.width,
        height=output.height,
        bytes=output.bytes,
        mime_type=output.mime_type,
        sha256=output.sha256,
        created_at=output.created_at,
        sandbox=provenance["sandbox"],
        watermark=provenance["watermark"],
        credentials=provenance["c2pa"] == "present",
        favorite=output.favorite,
        rating=output.rating,
        smaller=_smaller(output) if downloads else (),
    )


def _smaller(output: Output) -> list[SmallerPicture]:
    found = []
    for format in FORMATS:
        known: set[int] = set()
        for requested in WIDTHS:
            width, height = derived_size(output.width, output.height, requested=requested)
            if width not in known:
                known.add(width)
                url = smaller_url(output, requested, format=format)
                found.append(SmallerPicture(format.upper().replace("WEBP", "WebP"), width, height, url))
    return found


def smaller_url(output: Output, width: int, *, format: str = PREVIEW_FORMAT) -> str:
    """Returns the signed address of a smaller picture, on the host of the page; `width` is one of WIDTHS."""
    url = url_sign(output_path(output.id), options={"format": format, "width": width})[0]
    return urlsplit(url)._replace(scheme="", netloc="").geturl()


def _sight(detail: GenerationDetail, asked: Asked, maker: Maker, files: Mapping[str, File | Output]) -> Sight:
    shown = display_of(detail)
    outputs = {output.id: output for output in detail.outputs}
    model = detail.generation.model
    pictures = {str(row.id): picture_of(row, model) for row in outputs.values() if row.part == Output.Part.OUTPUT}
    thoughts = {
        str(row.id): picture_of(row, model, downloads=False)
        for row in outputs.values()
        if row.part == Output.Part.THOUGHT
    }
    content = detail.content.content
    blocks = [
        SightBlock(block.runs, pictures.get(str(stored.get("output_id"))))
        for stored, block in zip(content, [*shown.upto, *shown.after], strict=True)
    ]
    return Sight(
        detail=detail,
        display=shown,
        asked=asked,
        maker=maker,
        pictures=[pictures[str(row.id)] for row in detail.outputs if row.part == Output.Part.OUTPUT],
        upto=blocks[: len(shown.upto)],
        after=blocks[len(shown.upto) :],
        thoughts=[
            SightBlock(block.runs, thoughts.get(str(stored.get("output_id"))))
            for stored, block in zip(detail.content.thoughts, shown.thoughts, strict=True)
        ],
        references=[_reference(block, files) for block in asked.media],
        cost=_cost(detail),
    )


def _cost(detail: GenerationDetail) -> Cost | None:
    charge, hold = detail.charge, detail.hold
    if charge is not None:
        lines = [
            CostLine(
                line["kind"], int(line["quantity"]), line["unit"], Decimal(line["unit_price"]), Decimal(line["amount"])
            )
            for line in charge.lines
        ]
        return Cost(charge.status, charge.amount, charge.currency, lines, charge.reason or "")
    return Cost("held", hold.amount, hold.currency, [], "") if hold is not None else None


def _makers(generations: Sequence[Generation]) -> dict[UUID, Maker]:
    people = {row.id: row for row in User.objects.filter(id__in={row.member_id for row in generations})}
    keys = {row.id: row for row in ApiKey.objects.filter(id__in={row.api_key_id for row in generations})}
    found = {}
    for row in generations:
        person, key = people.get(row.member_id) if row.member_id else None, keys.get(row.api_key_id)
        name = (person.name or person.email) if person else ""
        found[row.id] = Maker(name, key.name if key else "", bool(key and key.is_console))
    return found


def _files(asked: Iterable[Asked]) -> dict[str, File | Output]:
    """Returns what the requests refer to and is still kept, by its public id."""
    blocks = [block for each in asked for block in each.media]
    file_ids = [ids.decode(ids.FILE, block["file_id"]) for block in blocks if block.get("file_id")]
    output_ids = [ids.decode(ids.OUTPUT, block["output_id"]) for block in blocks if block.get("output_id")]
    found: dict[str, File | Output] = {}
    if file_ids:
        for file in File.objects.filter(id__in=file_ids, deleted_at=None):
            found[ids.encode(ids.FILE, file.id)] = file
    if output_ids:
        for output in Output.objects.filter(id__in=output_ids, generation__deleted_at=None):
            found[ids.encode(ids.OUTPUT, output.id)] = output
    return found


def _reference(block: Mapping[str, Any], files: Mapping[str, File | Output]) -> Reference:
    kind = str(block.get("type", ""))
    public_id = str(block.get("file_id") or block.get("output_id") or "")
    row = files.get(public_id)
    if isinstance(row, File):
        url = reverse("console:gallery_file", args=[public_id])
        return Reference(kind, row.name or public_id, url, url, row.width, row.height)
    if isinstance(row, Output):
        page = reverse("console:gallery_output", args=[public_id])
        return Reference(kind, public_id, smaller_url(row, 256), page, row.width, row.height)
    uri = str(block.get("uri") or "")
    return Reference(kind, uri or public_id, "", uri if uri.startswith("https://") else "")
