"""A generation as its people see it: pictures, what belongs below them, what it cost, everything kept about it.

`console/pictures/sight.html` shows all of it in the order in which it has to stand; its parts (`picture.html`,
`grounding.html`, `cost.html`, `file.html`, …) can be placed one by one. They need `console/pictures.css`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.urls import reverse
from django.utils.functional import cached_property

from accounts.models import ApiKey, User
from cavendish.above.console.pictures.words import KINDS, UNITS, notice_words
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.labels import label
from cavendish.db import ids
from generations.derivatives.sizes import FORMATS, PREVIEW_FORMAT, WIDTHS, derived_size
from generations.models import TERMINAL, File, Generation, Output, Status
from generations.selectors import GenerationDetail, generations_load
from generations.show.pages.display import Display, display_of, signed
from generations.show.pages.text import Run, Source
from generations.show.prompts import Asked, asked_of
from generations.show.representation import output_path, provenance_json
from generations.show.signed_urls import url_sign

LEAST_DIGITS, MOST_DIGITS = 4, 9


@dataclass(frozen=True)
class SmallerPicture:
    """A smaller picture in a format: its pixels and its address, signed, on the host of the page."""

    format: str
    width: int
    height: int
    url: str


@dataclass(frozen=True)
class SightPicture:
    """A picture and where it came from. Addresses are signed, on the host of the page; `srcset` is as HTML writes it.

    `thumbnail` is WebP, 512 wide at most. `format` is what people call the type: "PNG".
    """

    id: UUID
    public_id: str
    number: int
    url: str
    thumbnail: str
    srcset: str
    width: int
    height: int
    bytes: int
    mime_type: str
    sha256: str
    created_at: datetime
    sandbox: bool
    watermark: str | None
    credentials: bool
    favorite: bool
    rating: int | None
    smaller: Sequence[SmallerPicture]
    """For download: each format at each width that differs."""

    @property
    def format(self) -> str:
        return self.mime_type.rpartition("/")[2].upper()


@dataclass(frozen=True)
class SightBlock:
    """A text (`runs`), a picture, or, with neither, a picture that was erased."""

    runs: Sequence[Run] = ()
    picture: SightPicture | None = None


@dataclass(frozen=True)
class Reference:
    """A picture or video that the request came with. `url` is "" where its bytes are kept no more; `page` leads on."""

    kind: str
    name: str
    url: str
    page: str
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True)
class CostLine:
    """A line of a charge: what, how much of it, the price of a million tokens, a thousand searches or one picture."""

    kind: str
    quantity: int
    unit: str
    price: Decimal
    amount: Decimal

    @property
    def what(self) -> str:
        return str(KINDS.get(self.kind) or self.kind.replace("_", " ").capitalize())

    @property
    def price_text(self) -> str:
        """The price with the places that it has, at least the two of coins."""
        return f"{self.price:.{max(2, _places(self.price))}f}"

    @property
    def unit_word(self) -> str:
        return str(UNITS.get(self.unit, ""))


@dataclass(frozen=True)
class Cost:
    """What it was charged: `lines` sum to `amount`, which counts all digits. `digits` are as many as all of them need.

    `status` is charged, not_charged or, while it runs, held.
    """

    status: str
    amount: Decimal
    currency: str
    lines: Sequence[CostLine]
    reason: str

    @property
    def digits(self) -> int:
        amounts = [self.amount, *(line.amount for line in self.lines)]
        return min(max(LEAST_DIGITS, *(_places(amount) for amount in amounts)), MOST_DIGITS)


@dataclass(frozen=True)
class Maker:
    """Who asked for it: a person, "" for none, and the key that it counts for; `is_console`: that it was here."""

    person: str
    key: str
    is_console: bool


@dataclass(frozen=True)
class Sight:
    """One generation. `upto` ends with the last picture: `suggestions` and `sources` stand directly below it.

    `suggestions` are addresses of Google's own snippets, for sandboxed frames; `message` is a title and a sentence of
    how it ended without success, `error` the upstream's own words; `settings` are names and values of the request.
    """

    detail: GenerationDetail
    display: Display
    asked: Asked
    maker: Maker
    pictures: Sequence[SightPicture]
    upto: Sequence[SightBlock]
    after: Sequence[SightBlock]
    thoughts: Sequence[SightBlock]
    references: Sequence[Reference]
    cost: Cost | None

    @property
    def generation(self) -> Generation:
        return self.detail.generation

    @property
    def public_id(self) -> str:
        return ids.encode(ids.GENERATION, self.generation.id)

    @property
    def status(self) -> str:
        return self.generation.status

    @property
    def pending(self) -> bool:
        return self.status not in TERMINAL

    @property
    def succeeded(self) -> bool:
        return self.status == Status.SUCCEEDED

    @property
    def model_name(self) -> str:
        return self.display.model_name

    @property
    def prompt(self) -> str:
        return self.asked.text

    @property
    def tags(self) -> Sequence[str]:
        return self.detail.tags

    @property
    def sources(self) -> Sequence[Source]:
        return self.display.sources

    @property
    def suggestions(self) -> Sequence[str]:
        return self.display.suggestions

    @property
    def is_grounded(self) -> bool:
        return bool(self.sources or self.suggestions)

    @property
    def texts(self) -> Sequence[SightBlock]:
        """The texts of the answer, in their order."""
        return [block for block in (*self.upto, *self.after) if block.runs]

    @property
    def search_queries(self) -> Sequence[str]:
        return (self.detail.content.grounding or {}).get("search_queries") or []

    @property
    def seconds(self) -> float | None:
        started, finished = self.generation.started_at, self.generation.finished_at
        return (finished - started).total_seconds() if started and finished else None

    @property
    def message(self) -> tuple[str, str] | None:
        found = self.display.message
        return (label(found[0]), label(found[1])) if found else None

    @property
    def error(self) -> str:
        return str((self.generation.error or {}).get("message", ""))

    @property
    def notices(self) -> Sequence[str]:
        return [notice_words(notice) for notice in self.detail.content.notices]

    @cached_property
    def request(self) -> Mapping[str, Any]:
        """The request as it is kept, with bytes replaced by ids of files; empty once it was erased."""
        return self.detail.content.request or {}

    def picture(self, output_id: UUID) -> SightPicture | None:
        """Returns the result with that id; None for a picture of its thoughts."""
        return next((picture for picture in self.pictures if picture.id == output_id), None)


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


def _places(amount: Decimal) -> int:
    exponent = amount.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


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
