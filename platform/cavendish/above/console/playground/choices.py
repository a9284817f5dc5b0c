"""What the form offers for a model: models with prices, ratios as shapes, sizes with prices, switches, roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.money import ZERO
from billing.prices.pricing import lines_price, lines_sum
from billing.prices.selectors import price_book
from cavendish.above.console.playground.form import DRAFT_SIZE, IMAGES, ROLES, WEB, Form
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.cells import model_name
from cavendish.above.ui.formats import money
from cavendish.gemini.catalog import CatalogError, Model
from generations.request import MAX_VARIANTS
from generations.selectors import typical_seconds
from generations.tokens.selectors import resolution_in_force

SHAPE = 22
"""Pixels of a ratio's longer side, as it is drawn."""
LEAST_SHAPE = 4

THINKING: dict[str, str | Promise] = {
    "minimal": gettext_lazy("Minimal"),
    "low": gettext_lazy("Low"),
    "medium": gettext_lazy("Medium"),
    "high": gettext_lazy("High"),
}
ROLE_NAMES: dict[str, str | Promise] = {
    "object": gettext_lazy("Object"),
    "character": gettext_lazy("Character"),
    "style": gettext_lazy("Style"),
}


@dataclass(frozen=True)
class ModelChoice:
    """A model as a card. `price` is a picture's at `size`, None where the plan has none; `seconds` are typical."""

    id: str
    name: str
    full_name: str
    sizes: str
    size: str
    price: Decimal | None
    seconds: float
    legacy: bool


@dataclass(frozen=True)
class RatioChoice:
    """A ratio and its shape in a square of SHAPE; "" is left to the model, and drawn dashed."""

    value: str
    width: float
    height: float

    @property
    def x(self) -> float:
        return (SHAPE - self.width) / 2 + 1

    @property
    def y(self) -> float:
        return (SHAPE - self.height) / 2 + 1


@dataclass(frozen=True)
class SizeChoice:
    value: str
    price: Decimal | None


@dataclass(frozen=True)
class Choices:
    """All that the form offers. `search_price` is that of one query; amounts are in `currency`, those of live mode."""

    form: Form
    currency: str
    models: Sequence[ModelChoice]
    more_models: Sequence[ModelChoice]
    ratios: Sequence[RatioChoice]
    sizes: Sequence[SizeChoice]
    search_price: Decimal | None

    @property
    def model(self) -> Model:
        return self.form.model

    @property
    def notes(self) -> Sequence[str]:
        """What the catalog says of the model: how it falls short first, what all models share last."""
        deprecated = [self.model.deprecated.note] if self.model.deprecated else []
        return [_(note) for note in [*deprecated, *self.model.notes] if note]

    @property
    def searches(self) -> bool:
        return WEB in self.model.search_types

    @property
    def searches_images(self) -> bool:
        return IMAGES in self.model.search_types

    @property
    def thinking(self) -> list[tuple[str, str]]:
        """Levels that can be chosen; the first leaves it to the model, and names its default."""
        levels = self.model.thinking_levels
        if not levels:
            return []
        default = self.model.default_thinking
        auto = _("Automatic") if not default else _("Automatic ({})").format(str(THINKING.get(default, default)))
        return [("", auto), *((level, str(THINKING.get(level, level.capitalize()))) for level in levels)]

    @property
    def roles(self) -> list[tuple[str, str, int]]:
        """Roles that the model tells apart, with how many of each it takes."""
        limits = self.model.role_limits
        return [(role, str(ROLE_NAMES[role]), limits[role]) for role in ROLES if limits.get(role, 0)]

    @property
    def variants(self) -> range:
        return range(1, MAX_VARIANTS + 1)

    @property
    def formats(self) -> list[tuple[str, str]]:
        return [(mime, mime.rpartition("/")[2].upper()) for mime in self.model.output_mime_types]

    @property
    def draft_price_text(self) -> str:
        """What the cheap size for drafts costs; "" where the model has none, or it is chosen already."""
        if self.form.size == DRAFT_SIZE:
            return ""
        price = next((size.price for size in self.sizes if size.value == DRAFT_SIZE), None)
        return "" if price is None else money(price, self.currency, digits=4)

    @property
    def search_price_text(self) -> str:
        return "" if self.search_price is None else money(self.search_price, self.currency, digits=4)

    @property
    def accept(self) -> str:
        """Types of files that the model takes, as HTML writes them."""
        video = self.model.video_mime_types if "video" in self.model.input_kinds else ()
        return ",".join((*self.model.input_mime_types, *video))

    @property
    def more_is_chosen(self) -> bool:
        return any(choice.id == self.model.id for choice in self.more_models)


def choices_of(work: Workplace, form: Form, offered: Sequence[Model]) -> Choices:
    """Returns what the form offers. Opens the tenant's context."""
    ratio, allowed = form.ratio, work.principal.allowed_sizes
    with work.reading():
        cards = [_card(work, model, form.size, ratio) for model in offered]
        sizes = [
            SizeChoice(size, picture_price(work, form.model, size, ratio))
            for size in form.model.sizes
            if allowed is None or size in allowed
        ]
        book = price_book(tenant_id=work.tenant_id, model=form.model.id, tier="standard")
        query = lines_price({"search_query": 1}, book.prices, images=0)[0] if "search_query" in book.prices else []
    first = [card for card in cards if not card.legacy]
    return Choices(
        form=form,
        currency=book.currency,
        models=first,
        more_models=[card for card in cards if card.legacy],
        ratios=[_shape(""), *map(_shape, sorted(form.model.aspect_ratios, key=_order))],
        sizes=sizes,
        search_price=lines_sum(query) if query else None,
    )


def picture_price(work: Workplace, model: Model, size: str, ratio: str = "") -> Decimal | None:
    """Returns what the tenant pays for one picture, without its thoughts and texts; needs the tenant's context."""
    try:
        row = resolution_in_force(model, ratio or model.default_aspect_ratio, size)
    except CatalogError:
        return None
    book = price_book(tenant_id=work.tenant_id, model=model.id, tier="standard", image_size=size)
    lines, unpriced = lines_price({"image_output": row.tokens}, book.prices, images=1)
    return sum((line.amount for line in lines), ZERO) if not unpriced else None


def _card(work: Workplace, model: Model, size: str, ratio: str) -> ModelChoice:
    at = size if size in model.sizes else model.default_size
    return ModelChoice(
        id=model.id,
        name=model_name(model.id),
        full_name=model.name,
        sizes=_sizes(model),
        size=at,
        price=picture_price(work, model, at, ratio if ratio in model.aspect_ratios else ""),
        seconds=typical_seconds(model.id, at),
        legacy=model.deprecated is not None or not model.confirmed,
    )


def _sizes(model: Model) -> str:
    """Returns the sizes that a model makes."""
    return model.sizes[0] if len(model.sizes) == 1 else _("up to {}").format(model.sizes[-1])


def _shape(ratio: str) -> RatioChoice:
    if not ratio:
        return RatioChoice("", SHAPE - 4, SHAPE - 4)
    across, down = (int(part) for part in ratio.split(":"))
    longer = max(across, down)
    return RatioChoice(
        ratio,
        max(round(SHAPE * across / longer, 1), LEAST_SHAPE),
        max(round(SHAPE * down / longer, 1), LEAST_SHAPE),
    )


def _order(ratio: str) -> tuple[int, float]:
    """The square first, then wide ones from nearly square on, then tall ones."""
    across, down = (int(part) for part in ratio.split(":"))
    share = across / down
    return (0, 0) if share == 1 else (1, share) if share > 1 else (2, 1 / share)
