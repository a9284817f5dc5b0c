"""The price book of a plan, or of the upstream: each kind with its price, cost and margin in each tier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from billing.models import Kind, Plan, PlanVersion, Price, Tier
from billing.money import line_amount
from billing.oversight.below_cost import tier_prices
from billing.prices.pricing import PER_IMAGE, Prices
from billing.prices.selectors import plan_terms, rows_at
from billing.prices.services import UPSTREAM_CURRENCY
from cavendish.gemini.catalog import Model, models

ORDER = {kind: place for place, kind in enumerate(Kind.values)}


@dataclass(frozen=True)
class TierPrice:
    """A price and the cost of the same in one tier; the margin is a share of the price, None where none can be told."""

    price: Decimal
    cost: Decimal
    margin: Decimal | None
    is_own: bool
    """Whether the plan has this price itself; else it is the upstream's with the mark-up."""

    @property
    def is_below(self) -> bool:
        return self.margin is not None and self.margin < 0


@dataclass(frozen=True)
class BookRow:
    """A kind of a model, of one size where the price differs by size."""

    kind: str
    unit: str
    image_size: str
    standard: TierPrice
    batch: TierPrice | None


@dataclass(frozen=True)
class BookModel:
    model: Model
    rows: list[BookRow]


def price_book_shown(plan: Plan | None, *, at: datetime | None = None) -> list[BookModel]:
    """Returns the prices of all models at a moment, now when none is given; a statement for each model."""
    moment = at or timezone.now()
    version = plan_terms(plan, at=moment) if plan else None
    book = [BookModel(model, _rows(model, plan, version, moment)) for model in models()]
    return [entry for entry in book if entry.rows]


def _rows(model: Model, plan: Plan | None, version: PlanVersion | None, at: datetime) -> list[BookRow]:
    rows = list(rows_at(model.id, plan=plan, at=at))
    found: dict[tuple[str, str], BookRow] = {}
    for size in model.sizes:
        standard, batch = (
            tier_prices(rows, plan=plan, version=version, tier=tier, image_size=size)
            if plan
            else _of_upstream(rows, tier)
            for tier in (Tier.STANDARD, Tier.BATCH)
        )
        for kind, price in standard.items():
            if kind not in model.billed_kinds:
                continue
            of_size = size if price["unit"] == PER_IMAGE else ""
            if (kind, of_size) not in found:
                found[kind, of_size] = BookRow(
                    kind=kind,
                    unit=price["unit"],
                    image_size=of_size,
                    standard=_tier(model, size, kind, standard, rows, plan, Tier.STANDARD),
                    batch=_tier(model, size, kind, batch, rows, plan, Tier.BATCH) if kind in batch else None,
                )
    return sorted(found.values(), key=lambda row: (ORDER.get(row.kind, 99), row.image_size))


def _of_upstream(rows: Sequence[Price], tier: str) -> Prices:
    """Returns what the upstream's list says, whether or not our jobs run at that tier."""
    listed = dict(tier_prices(rows, plan=None, version=None, tier=Tier.STANDARD, image_size=""))
    for row in rows:
        if row.tier == tier:
            listed[row.kind] = {"unit": row.unit, "price": str(row.unit_price), "cost": str(row.unit_price)}
    return listed


def _tier(
    model: Model, size: str, kind: str, prices: Prices, rows: Sequence[Price], plan: Plan | None, tier: str
) -> TierPrice:
    price = prices[kind]
    amount, cost = Decimal(price["price"]), Decimal(price["cost"])
    if price["unit"] == PER_IMAGE:
        tokens = max((row.tokens for row in model.resolutions if row.image_size == size), default=0)
        cost = line_amount(quantity=tokens, unit_price=cost, unit=price.get("cost_unit", price["unit"]))
    comparable = plan is not None and plan.currency == UPSTREAM_CURRENCY and bool(amount)
    own = any(row.plan_id is not None and row.kind == kind and row.tier in (tier, Tier.STANDARD) for row in rows)
    return TierPrice(amount, cost, (amount - cost) / amount if comparable else None, own)
