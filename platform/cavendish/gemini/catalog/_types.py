"""The catalog's types, which are immutable."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

PRICE_KINDS = (
    "text_input", "image_input", "video_input", "cached_input",
    "text_output", "thought_output", "image_output", "search_query",
)  # fmt: skip


class CatalogError(LookupError):
    """The catalog has no such entry. `str()` names what was requested and what exists."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class UnknownModel(CatalogError):
    """No model has that id. `nearest` is the id that was probably meant, None when none is close."""

    def __init__(self, id: str, nearest: str | None, known: tuple[str, ...]) -> None:
        # some, so that the message does not grow with the catalog
        hint = f"did you mean {nearest}?" if nearest else f"known are for example {', '.join(known[:3])}."
        super().__init__(f"Unknown model {id[:100]!r}; {hint}")
        self.id = id
        self.nearest = nearest
        self.known = known


class ModelRetired(UnknownModel):
    """The model existed until the day `on`; `nearest` is its successor."""

    def __init__(self, id: str, successor: str, on: date, known: tuple[str, ...]) -> None:
        super().__init__(id, successor, known)
        self.args = (f"Model {id} is retired since {on}; use {successor}.",)
        self.on = on


@dataclass(frozen=True)
class Resolution:
    """One row of the token tables. `width` and `height` are in pixels, the tokens are those of one picture."""

    aspect_ratio: str
    image_size: str
    width: int
    height: int
    tokens: int
    """The guide's table; quotes expect it."""
    price_page_tokens: int
    """Google's price page; equal to `tokens` where the two agree."""
    assumed: bool
    """Google published no such row; it was taken from a sibling model."""
    note: str

    @property
    def worst_tokens(self) -> int:
        """The larger of the two published figures, which holds assume."""
        return max(self.tokens, self.price_page_tokens)


@dataclass(frozen=True)
class Deprecated:
    """What replaces a model that Google is shutting down."""

    successor: str
    note: str
    retires_on: date | None = None
    """From this day on (UTC) requests for the model are refused, or with `redirect` answered by the successor."""
    redirect: bool = False


@dataclass(frozen=True)
class Model:
    """One image model with all limits that requests are checked against. Amounts are tokens unless named otherwise."""

    id: str
    name: str
    description: str
    deprecated: Deprecated | None
    sizes: tuple[str, ...]
    aspect_ratios: tuple[str, ...]
    default_size: str
    default_aspect_ratio: str
    resolutions: tuple[Resolution, ...]
    input_kinds: frozenset[str]
    max_images_in: int
    role_limits: Mapping[str, int] = field(hash=False)
    """object, character, style; 0 = not accepted."""
    search_types: tuple[str, ...]
    thinks: bool
    thinking_levels: tuple[str, ...]
    """Levels that a request may name; empty where none can be set, though the model may think all the same."""
    default_thinking: str | None
    max_interim_images: int
    """Thought pictures at most; the last of them may be the final one."""
    interleaves: bool
    max_images_default: int
    max_images_limit: int
    output_mime_types: tuple[str, ...]
    input_mime_types: tuple[str, ...]
    video_mime_types: tuple[str, ...]
    input_token_limit: int
    output_token_limit: int
    tokens_per_input_image: int
    tokens_per_video_second: int
    video_token_limit: int
    """What a video of unknown length is counted as; 0 where video is not accepted."""
    text_output_typical: int
    text_output_cap: int
    image_only_text_cap: int
    """Output tokens of no kind that may come although only a picture was requested."""
    thought_typical: Mapping[str, int] = field(hash=False)
    """By thinking level, or under "default" where none can be named; see `thought_key`."""
    thought_cap: Mapping[str, int] = field(hash=False)
    searches_typical: int
    """Queries for each requested search type."""
    searches_cap: int
    """Queries of a whole request."""
    background: bool
    watermark: str | None
    notes: tuple[str, ...]
    confirmed: bool = True
    """False while Google's own figures were not found; the notes say which ones are others'."""

    @property
    def billed_kinds(self) -> frozenset[str]:
        """The kinds of a price list that a job of this model can be billed for."""
        optional = {"video_input": "video" in self.input_kinds, "search_query": bool(self.search_types)}
        return frozenset(kind for kind in PRICE_KINDS if optional.get(kind, True))

    def is_retired(self, today: date) -> bool:
        """Returns whether requests for it are no longer taken on this day."""
        day = self.deprecated.retires_on if self.deprecated else None
        return day is not None and day <= today

    def resolution(self, aspect_ratio: str, image_size: str) -> Resolution:
        """Returns the row of the token table. Raises CatalogError where the model has no such ratio or size."""
        for row in self.resolutions:
            if row.aspect_ratio == aspect_ratio and row.image_size == image_size:
                return row
        raise CatalogError(
            f"{self.id} makes no {aspect_ratio} at {image_size}; ratios: {', '.join(self.aspect_ratios)}; "
            f"sizes: {', '.join(self.sizes)}."
        )

    def nearest_aspect_ratio(self, width: int, height: int) -> str:
        """Returns the listed ratio nearest to these pixels.

        They are compared as logarithms, so that 1:2 is as far from 1:1 as 2:1. Raises ValueError unless both are
        positive.
        """
        if width <= 0 or height <= 0:
            raise ValueError("width and height must be positive")
        target = math.log(width / height)
        return min(self.aspect_ratios, key=lambda ratio: abs(_log_ratio(ratio) - target))

    def thought_key(self, level: str | None = None) -> str:
        """Returns the key of `thought_typical` and `thought_cap` for a request that names `level`, or none."""
        return level or self.default_thinking or "default"


@dataclass(frozen=True)
class PriceRow:
    """One price of Google's: `price` in `currency` per `unit` (per_1m_tokens or per_1k_queries)."""

    model: str
    kind: str
    tier: str
    unit: str
    price: Decimal
    currency: str
    as_of: date
    source: str


def _log_ratio(aspect_ratio: str) -> float:
    across, down = aspect_ratio.split(":")
    return math.log(int(across) / int(down))
