"""What is sold for less than it costs: by plan, model, tier and kind, at a moment or with prices that are to be set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from billing.models import Plan, PlanVersion, Price, Tier
from billing.money import ZERO, line_amount
from billing.plans.selectors import plans_listed
from billing.prices.pricing import PER_IMAGE, Prices
from billing.prices.selectors import plan_terms, prices_as_run, prices_of, rows_at
from billing.prices.services import UPSTREAM_CURRENCY, NewPrice
from cavendish.gemini.catalog import Model, get_model, models


@dataclass(frozen=True)
class BelowCost:
    """A price and the cost of the same, both for `unit`; that of a price per picture is of its tokens in the table.

    `image_size` is empty where the price is of all sizes. `tenants` are those of the plan.
    """

    plan: Plan
    tenants: int
    model: str
    tier: str
    kind: str
    image_size: str
    unit: str
    price: Decimal
    cost: Decimal

    @property
    def difference(self) -> Decimal:
        return self.price - self.cost


RowsOf = Callable[[Plan, str], Iterable[Price]]
VersionOf = Callable[[Plan], PlanVersion | None]


def below_cost(*, at: datetime | None = None) -> list[BelowCost]:
    """Returns each price below its cost, of all plans that have tenants, the worst part of the cost first.

    Plans in other currencies than the upstream's are left out: nothing is exchanged. As the operator.
    """
    moment = at or timezone.now()
    plans = [(row.plan, row.tenants) for row in plans_listed() if row.tenants]
    return prices_below_cost(
        plans,
        models(),
        rows_of=lambda plan, model: list(rows_at(model, plan=plan, at=moment)),
        version_of=lambda plan: plan_terms(plan, at=moment),
    )


def below_cost_with(plan: Plan | None, new: Sequence[NewPrice], *, at: datetime) -> list[BelowCost]:
    """Returns what would be below its cost at a moment with new prices of the upstream (no plan) or of a plan: of the
    models that they are of, in the plans that have tenants and that they concern. As the operator.
    """
    plans = [(row.plan, row.tenants) for row in plans_listed() if row.tenants and plan in (None, row.plan)]
    names = sorted({price.model for price in new})
    return prices_below_cost(
        plans,
        [get_model(name) for name in names],
        rows_of=lambda of, model: [*rows_at(model, plan=of, at=at), *new_rows(plan, new, model)],
        version_of=lambda of: plan_terms(of, at=at),
    )


def new_rows(plan: Plan | None, new: Sequence[NewPrice], model: str, *, more: Decimal = ZERO) -> list[Price]:
    """Returns the rows that new prices of a model would be, each `more` than it is."""
    return [
        Price(
            plan=plan,
            model=price.model,
            kind=price.kind,
            tier=price.tier,
            unit=price.unit,
            image_size=price.image_size,
            unit_price=price.unit_price + more,
            currency=plan.currency if plan else UPSTREAM_CURRENCY,
        )
        for price in new
        if price.model == model
    ]


def prices_below_cost(
    plans: Sequence[tuple[Plan, int]], of: Iterable[Model], *, rows_of: RowsOf, version_of: VersionOf
) -> list[BelowCost]:
    """Returns the same for plans with their numbers of tenants, by rows of prices and terms that may be to come."""
    found: dict[tuple[object, ...], BelowCost] = {}
    catalog = list(of)
    for plan, tenants in plans:
        if plan.currency != UPSTREAM_CURRENCY:
            continue
        version = version_of(plan)
        for model in catalog:
            rows = list(rows_of(plan, model.id))
            for tier in Tier.values:
                for size in model.sizes:
                    prices = tier_prices(rows, plan=plan, version=version, tier=tier, image_size=size)
                    for row in _below(plan, tenants, model, tier, size, prices):
                        found.setdefault((plan.id, model.id, tier, row.kind, row.image_size), row)
    return sorted(found.values(), key=lambda row: (row.difference / row.cost, row.plan.name, row.model, row.kind))


def tier_prices(
    rows: Sequence[Price], *, plan: Plan | None, version: PlanVersion | None, tier: str, image_size: str
) -> Prices:
    """Returns the prices of a tier with the costs at which its jobs run, as a job's acceptance has them."""
    prices = prices_of(rows, plan=plan, version=version, tier=tier, image_size=image_size)
    standard = prices_of(rows, plan=plan, version=version, tier=Tier.STANDARD, image_size=image_size)
    return prices_as_run(prices, standard=standard, tier=tier)


def _below(plan: Plan, tenants: int, model: Model, tier: str, size: str, prices: Prices) -> Iterable[BelowCost]:
    for kind, price in sorted(prices.items()):
        if kind not in model.billed_kinds:
            continue
        cost, unit, cost_unit = Decimal(price["cost"]), price["unit"], price.get("cost_unit", price["unit"])
        if unit == PER_IMAGE:
            tokens = max((row.tokens for row in model.resolutions if row.image_size == size), default=0)
            cost = line_amount(quantity=tokens, unit_price=cost, unit=cost_unit)
        if Decimal(price["price"]) < cost:
            of_size = size if unit == PER_IMAGE else ""
            yield BelowCost(plan, tenants, model.id, tier, kind, of_size, unit, Decimal(price["price"]), cost)
