"""The catalog as it is in force, with what the price book says and who uses each model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import QuerySet
from django.utils import timezone

from billing.models import PlatformMonth, Tier
from billing.prices.selectors import book_lines
from billing.usage.dashboard import ModelUse, platform_models
from cavendish.gemini import catalog
from cavendish.gemini.catalog import Model, Resolution

DAYS = 30


@dataclass(frozen=True)
class ModelLine:
    """A model of the catalog; `use` is that of 30 days, its `tenants` those of the months of these days."""

    model: Model
    names: list[str]
    is_operators: bool
    is_retired: bool
    use: ModelUse

    @property
    def successor(self) -> Model | None:
        """Returns what replaces a deprecated model."""
        return catalog.get_model(self.model.deprecated.successor) if self.model.deprecated else None


@dataclass(frozen=True)
class PriceLine:
    """What the upstream charges for a kind now, in both tiers; None where a tier has no price of its own."""

    kind: str
    unit: str
    standard: Decimal | None
    batch: Decimal | None


@dataclass(frozen=True)
class SizeLine:
    """The pictures of one size: the pixels of the square, or of the first ratio, and the tokens of all ratios."""

    size: str
    example: Resolution
    least_tokens: int
    most_tokens: int
    assumed: bool


def since() -> date:
    """Returns the first day of the months that the users of a model are told for: that of 30 days ago."""
    return (timezone.localdate() - timedelta(days=DAYS)).replace(day=1)


def model_lines() -> list[ModelLine]:
    """Returns all models, retired ones too, in the order of the files."""
    today = timezone.localdate()
    used = {use.model: use for use in platform_models(since=today - timedelta(days=DAYS), until=today)}
    return [
        ModelLine(
            model=model,
            names=catalog.names_of(model),
            is_operators=catalog.is_operators(model),
            is_retired=model.is_retired(today),
            use=used.get(model.id, ModelUse(model.id, 0, 0, 0)),
        )
        for model in catalog.models()
    ]


def model_line(model_id: str) -> ModelLine | None:
    """Returns a model by its id, None where there is none."""
    return next((line for line in model_lines() if line.model.id == model_id), None)


def price_lines(model: Model, *, at: datetime) -> list[PriceLine]:
    """Returns what the price book says of the upstream's prices at a moment, by kind."""
    lines: dict[str, PriceLine] = {}
    by_tier = {(line["kind"], line["tier"]): line for line in book_lines(model, plan=None, at=at)}
    for kind, _tier in by_tier:
        standard, batch = by_tier.get((kind, Tier.STANDARD)), by_tier.get((kind, Tier.BATCH))
        known = standard or batch
        assert known is not None
        lines[kind] = PriceLine(
            kind,
            known["cost_unit"],
            standard["cost"] if standard else None,
            batch["cost"] if batch else None,
        )
    return list(lines.values())


def size_lines(model: Model) -> list[SizeLine]:
    """Returns the sizes that a model makes, with their tokens."""
    lines = []
    for size in model.sizes:
        rows = [row for row in model.resolutions if row.image_size == size]
        example = next((row for row in rows if row.aspect_ratio == "1:1"), rows[0])
        tokens = [row.tokens for row in rows]
        lines.append(SizeLine(size, example, min(tokens), max(tokens), any(row.assumed for row in rows)))
    return lines


def model_months(model_id: str) -> QuerySet[PlatformMonth]:
    """Returns the tenants' live months with this model since `since()`."""
    rows: QuerySet[PlatformMonth] = PlatformMonth.objects.select_related("tenant")
    return rows.filter(month__gte=since(), livemode=True, model=model_id, requests__gt=0)
