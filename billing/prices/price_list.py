"""What a tenant pays, as a list: every price of each model, pictures at each size, and what will change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from billing.models import Kind, Plan, PlanVersion, Price, Subscription, Tier
from billing.money import line_amount
from billing.prices.pricing import PER_IMAGE
from billing.prices.selectors import plan_terms, prices_of, rows_at
from cavendish.gemini.catalog import Model, models

AHEAD = timedelta(days=92)
"""How far ahead changes are told of."""
ORDER = {kind: place for place, kind in enumerate(Kind.values)}


@dataclass(frozen=True)
class ListedPrice:
    """A unit price of a kind, of one size where it differs by size; `batch` is None where batches pay the same."""

    kind: str
    image_size: str
    unit: str
    standard: Decimal
    batch: Decimal | None


@dataclass(frozen=True)
class PicturePrice:
    """What a picture of a size costs by itself: its tokens at most, at their price, or its price each."""

    image_size: str
    standard: Decimal
    batch: Decimal | None


@dataclass(frozen=True)
class ModelPrices:
    model: Model
    lines: list[ListedPrice]
    pictures: list[PicturePrice]


@dataclass(frozen=True)
class PriceStep:
    """A price as it is and as it will be; None where there is none. `kind` and the rest name it as ListedPrice does."""

    model: Model
    kind: str
    image_size: str
    unit: str
    before: Decimal | None
    after: Decimal | None


@dataclass(frozen=True)
class PriceMove:
    """What changes at a moment: the plan, its terms, prices; each empty where it stays. `prices` are of no batch."""

    at: datetime
    plan: Plan | None
    terms: tuple[PlanVersion | None, PlanVersion | None] | None
    prices: list[PriceStep]


def price_list(plan: Plan | None, *, at: datetime | None = None) -> list[ModelPrices]:
    """Returns the prices of a plan at a moment, now when none is given; upstream's without one. One query a model.

    Models that are retired, that the plan does not offer or that have no price are left out.
    """
    moment = at or timezone.now()
    version = plan_terms(plan, at=moment) if plan else None
    allowed = version.allowed_models if version else None
    listed = [
        _of_model(model, plan, version, moment)
        for model in models()
        if not model.is_retired(moment.date()) and (allowed is None or model.id in allowed)
    ]
    return [entry for entry in listed if entry.lines]


def price_moves(*, tenant_id: UUID, plan: Plan | None, now: datetime | None = None) -> list[PriceMove]:
    """Returns what is decided to change for a tenant within AHEAD, the next first; in its context."""
    moment = now or timezone.now()
    until = moment + AHEAD
    subscriptions = Subscription.objects.select_related("plan").filter(tenant_id=tenant_id)
    coming = list(subscriptions.filter(starts_at__gt=moment, starts_at__lte=until).order_by("starts_at"))
    plans = [entry for entry in (plan, *(row.plan for row in coming)) if entry is not None]
    span = {"effective_from__gt": moment, "effective_from__lte": until}
    versions = PlanVersion.objects.filter(plan__in=plans, **span).values_list("effective_from", flat=True)
    rows = Price.objects.filter(Q(plan__in=plans) | Q(plan=None), **span).values_list("effective_from", flat=True)
    moves, before = [], plan
    last = moment
    for at in sorted({*(row.starts_at for row in coming), *versions, *rows}):
        after = next((row.plan for row in reversed(coming) if row.starts_at <= at), plan)
        terms = (plan_terms(before, at=last) if before else None, plan_terms(after, at=at) if after else None)
        prices = _steps(price_list(before, at=last), price_list(after, at=at))
        moved = PriceMove(at, after if after != before else None, terms if _differ(*terms) else None, prices)
        if moved.plan or moved.terms or moved.prices:
            moves.append(moved)
        before, last = after, at
    return moves


def _of_model(model: Model, plan: Plan | None, version: PlanVersion | None, at: datetime) -> ModelPrices:
    rows = list(rows_at(model.id, plan=plan, at=at))
    lines: dict[tuple[str, str], ListedPrice] = {}
    pictures = []
    for size in model.sizes:
        standard, batch = (
            prices_of(rows, plan=plan, version=version, tier=tier, image_size=size)
            for tier in (Tier.STANDARD, Tier.BATCH)
        )
        for kind, price in standard.items():
            if kind not in model.billed_kinds:
                continue
            of_size = size if price["unit"] == PER_IMAGE else ""
            in_batch = Decimal(batch[kind]["price"]) if kind in batch else None
            usual = Decimal(price["price"])
            line = ListedPrice(kind, of_size, price["unit"], usual, in_batch if in_batch != usual else None)
            lines.setdefault((kind, of_size), line)
        if (line_of := lines.get((Kind.IMAGE_OUTPUT, size)) or lines.get((Kind.IMAGE_OUTPUT, ""))) is not None:
            pictures.append(_picture(model, size, line_of))
    ordered = sorted(lines.values(), key=lambda line: (ORDER.get(line.kind, 99), line.image_size))
    return ModelPrices(model, ordered, pictures)


def _picture(model: Model, size: str, line: ListedPrice) -> PicturePrice:
    tokens = max((row.tokens for row in model.resolutions if row.image_size == size), default=0)

    def price(unit_price: Decimal) -> Decimal:
        quantity = 1 if line.unit == PER_IMAGE else tokens
        return line_amount(quantity=quantity, unit_price=unit_price, unit=line.unit)

    return PicturePrice(size, price(line.standard), price(line.batch) if line.batch is not None else None)


def _steps(before: Sequence[ModelPrices], after: Sequence[ModelPrices]) -> list[PriceStep]:
    old, new = ({(entry.model.id, line.kind, line.image_size): (entry.model, line) for entry in listed for line in
                 entry.lines} for listed in (before, after))  # fmt: skip
    steps = []
    for place in [*old, *(place for place in new if place not in old)]:
        was, becomes = old.get(place), new.get(place)
        model, line = becomes or was or (None, None)
        assert model is not None
        assert line is not None
        prices = (was[1].standard if was else None, becomes[1].standard if becomes else None)
        if prices[0] != prices[1] or (was and becomes and was[1].unit != becomes[1].unit):
            steps.append(PriceStep(model, line.kind, line.image_size, line.unit, *prices))
    return steps


def _differ(before: PlanVersion | None, after: PlanVersion | None) -> bool:
    if before is None or after is None:
        return before is not after
    names = (
        "included_images",
        "included_credit",
        "base_fee",
        "minimum_commitment",
        "volume_discounts",
        "allowed_models",
    )
    return any(getattr(before, name) != getattr(after, name) for name in names)
