"""What people see of a generation, as values that templates read: pictures, sources, references, cost, who asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.functional import cached_property

from cavendish.above.console.pictures.words import KINDS, UNITS, notice_words
from cavendish.above.ui.cells import model_name
from cavendish.above.ui.sayings import said
from cavendish.db import ids
from generations.models import TERMINAL, Generation, Status
from generations.selectors import GenerationDetail
from generations.show.pages.display import Display
from generations.show.pages.text import Run, Source
from generations.show.prompts import Asked

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
        """Returns the short name that stands for the model on every page: "3.1 Flash"."""
        return model_name(self.generation.model)

    @property
    def model_names(self) -> str:
        """Returns the short name with the catalog's beside it: "3.1 Flash (Nano Banana 2)"."""
        return f"{self.model_name} ({self.display.model_name})"

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
        return self.display.message

    @property
    def error(self) -> str:
        return said(str((self.generation.error or {}).get("message", "")))

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


def _places(amount: Decimal) -> int:
    exponent = amount.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
