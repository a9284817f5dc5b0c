from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from billing.contracts import KindPrice
from billing.models import Plan, PlanVersion, Price, Subscription, Tier
from billing.money import ZERO, unit_price_rounded
from billing.prices.pricing import PER_IMAGE, Prices
from cavendish.db.tenancy import needs_context, tenant_context
from cavendish.gemini.catalog import Model
from cavendish.timed_cache import TimedCache

# Prices are read with every acceptance and change a few times a year. What begins within this time is read along, so
# that it applies from its moment on in every process; who adds a price gives it a longer lead (services.prices).
CACHE_SECONDS = 1.0


@dataclass(frozen=True)
class Terms:
    """What a tenant's plan says beside prices."""

    plan_id: UUID
    included_images: int
    allowed_models: frozenset[str] | None

    def allow(self, model: str) -> bool:
        return self.allowed_models is None or model in self.allowed_models


NO_PLAN = Terms(plan_id=UUID(int=0), included_images=0, allowed_models=None)


@dataclass(frozen=True)
class PriceBook:
    """The prices of one tenant for a model, tier and size at a moment, and its plan's terms."""

    currency: str
    prices: Prices
    terms: Terms = NO_PLAN


@dataclass(frozen=True)
class Tariff:
    """All that a plan's prices of one model are made of at a moment; each book is built when it is first read."""

    plan: Plan | None
    version: PlanVersion | None
    rows: Sequence[Price]
    terms: Terms
    books: dict[tuple[str, str], PriceBook] = field(default_factory=dict)

    def book(self, tier: str, image_size: str) -> PriceBook:
        book = self.books.get((tier, image_size))
        if book is None:
            prices = prices_of(self.rows, plan=self.plan, version=self.version, tier=tier, image_size=image_size)
            currency = self.plan.currency if self.plan else "USD"
            book = self.books[tier, image_size] = PriceBook(currency=currency, prices=prices, terms=self.terms)
        return book


# Apart, so that a thousand tenants of a plan share its prices.
_plans: TimedCache[UUID, Plan | None] = TimedCache(most=10_000)
_tariffs: TimedCache[tuple[UUID | None, str], Tariff] = TimedCache(most=1_000)


def price_book(*, tenant_id: UUID, model: str, tier: str, image_size: str = "") -> PriceBook:
    """Returns what a tenant pays now: its plan's own prices, else the upstream's with the plan's mark-up.

    Without a plan the upstream's prices apply as they are. `image_size` picks among prices per picture.
    """
    plan = _plans.get(tenant_id, lambda: _read_plan(tenant_id))
    tariff = _tariffs.get((plan.id if plan else None, model), lambda: _read_tariff(plan, model))
    return tariff.book(tier, image_size)


def price_books_clear() -> None:
    """Forgets what is cached, for tests that change prices past the services."""
    _plans.clear()
    _tariffs.clear()


def _read_plan(tenant_id: UUID) -> tuple[Plan | None, float]:
    """Returns the tenant's plan, and for how many seconds it is: until another begins, at most CACHE_SECONDS."""
    now = timezone.now()
    soon = now + timedelta(seconds=CACHE_SECONDS)
    with tenant_context(tenant_id) if needs_context() else nullcontext():
        mine = Subscription.objects.select_related("plan").filter(tenant_id=tenant_id, starts_at__lte=soon)
        subscriptions = list(mine.order_by("-starts_at")[:3])
    plan = next((row.plan for row in subscriptions if row.starts_at <= now), None)
    return plan, _seconds(now, [row.starts_at for row in subscriptions])


def _read_tariff(plan: Plan | None, model: str) -> tuple[Tariff, float]:
    """Returns a plan's tariff of a model, and for how many seconds it holds, in the same way."""
    now = timezone.now()
    soon = now + timedelta(seconds=CACHE_SECONDS)
    versions = list(plan.versions.filter(effective_from__lte=soon).order_by("-effective_from")[:3]) if plan else []
    rows = list(rows_at(model, plan=plan, at=soon))
    version = next((version for version in versions if version.effective_from <= now), None)
    begun = [row for row in rows if row.effective_from <= now]
    starts = [version.effective_from for version in versions] + [row.effective_from for row in rows]
    return Tariff(plan, version, begun, _terms(plan, version)), _seconds(now, starts)


def _seconds(now: datetime, starts: Iterable[datetime]) -> float:
    """Returns the seconds until the first of `starts` after now, at most CACHE_SECONDS."""
    return min([CACHE_SECONDS, *((start - now).total_seconds() for start in starts if start > now)])


def prices_of(
    rows: Iterable[Price], *, plan: Plan | None, version: PlanVersion | None, tier: str, image_size: str = ""
) -> Prices:
    """Returns prices by kind from the rows of one model that have begun, oldest first: the newest of each kind counts.

    - A plan's own price wins, one for the size before one for all; a tier without a price has the standard one.
    - Else the upstream's price with the mark-up, rounded once; only in its own currency, since nothing is exchanged.
      Of a batch's items that is the price at which they run, so that no plan sells them below their cost by default.
    - Cached input without a price costs what text does.
    """
    costs: dict[tuple[str, str], Price] = {}
    own: dict[tuple[str, str, str], Price] = {}
    for row in rows:
        if row.plan_id is None:
            costs[row.kind, row.tier] = row
        else:
            own[row.kind, row.tier, row.image_size] = row
    factor = 1 + (version.markup_percent if version else ZERO) / 100
    sold_as = tier if plan is None else tier_as_run(tier)
    prices: dict[str, KindPrice] = {}
    for kind in {kind for kind, *_ in (*costs, *own)}:
        cost = costs.get((kind, tier)) or costs.get((kind, "standard"))
        bought = costs.get((kind, sold_as)) or costs.get((kind, "standard"))
        places = [(kind, tier, image_size), (kind, tier, ""), (kind, "standard", image_size), (kind, "standard", "")]
        chosen = next((own[place] for place in places if place in own), None)
        if chosen is None:
            if bought is None or (plan is not None and plan.currency != bought.currency):
                continue
            prices[kind] = _price(bought.unit, unit_price_rounded(bought.unit_price * factor), cost)
        else:
            prices[kind] = _price(chosen.unit, chosen.unit_price, cost)
    if "cached_input" not in prices and "text_input" in prices:
        prices["cached_input"] = prices["text_input"]
    return prices


def tier_as_run(tier: str) -> str:
    """Returns the tier at which the upstream sells a tier's jobs to us.

    Items of batches run as every job does, at the standard price, until the operator says by GEMINI_BATCH_SERVICE_TIER
    that the account gets another.
    """
    return tier if tier != Tier.BATCH or settings.GEMINI_BATCH_SERVICE_TIER else Tier.STANDARD.value


def prices_as_run(prices: Prices, *, standard: Prices, tier: str) -> Prices:
    """Returns the prices of a tier with the costs at which its jobs run upstream."""
    if tier_as_run(tier) == tier:
        return prices
    return {kind: {**price, "cost": standard.get(kind, price)["cost"]} for kind, price in prices.items()}


def _price(unit: str, price: Decimal, cost: Price | None) -> KindPrice:
    values: KindPrice = {"unit": unit, "price": str(price), "cost": str(cost.unit_price if cost else ZERO)}
    if cost is not None and cost.unit != unit:
        values["cost_unit"] = cost.unit
    return values


def _terms(plan: Plan | None, version: PlanVersion | None) -> Terms:
    if plan is None or version is None:
        return NO_PLAN
    allowed = version.allowed_models
    return Terms(plan.id, version.included_images, frozenset(allowed) if allowed is not None else None)


def plan_terms(plan: Plan, *, at: datetime | None = None) -> PlanVersion | None:
    """Returns the version of a plan that applies at a moment, now when none is given; None before its first."""
    return plan.versions.filter(effective_from__lte=at or timezone.now()).order_by("-effective_from").first()


def rows_at(model: str, *, plan: Plan | None, at: datetime) -> QuerySet[Price]:
    """Returns the rows that make a model's prices at a moment, the upstream's and a plan's, oldest first."""
    own = Q(plan=plan) if plan else Q(pk=None)
    return Price.objects.filter(own | Q(plan=None), model=model, effective_from__lte=at).order_by("effective_from")


def price_versions(
    *,
    plan: Plan | None = None,
    of_upstream: bool = False,
    model: str | None = None,
    kind: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Price]:
    """Returns versions of prices with their plans, the last added first, those that have not begun among them.

    With a plan its own, with `of_upstream` the upstream's, else all; `before` is the last id of the page before.
    """
    rows = Price.objects.select_related("plan").order_by("-id")
    if plan is not None or of_upstream:
        rows = rows.filter(plan=plan)
    if model is not None:
        rows = rows.filter(model=model)
    if kind is not None:
        rows = rows.filter(kind=kind)
    if before is not None:
        rows = rows.filter(id__lt=before)
    return list(rows[:limit])


def book_lines(model: Model, *, plan: Plan | None, at: datetime) -> list[dict[str, Any]]:
    """Returns every price of a model at a moment, for operators: by kind and tier, and by size where it differs."""
    rows = list(rows_at(model.id, plan=plan, at=at))
    version = plan_terms(plan, at=at) if plan else None
    lines: list[dict[str, Any]] = []
    for tier in Tier.values:
        for size in model.sizes:
            prices = prices_of(rows, plan=plan, version=version, tier=tier, image_size=size)
            for kind, price in sorted(prices.items()):
                line = {
                    "kind": kind,
                    "tier": tier,
                    "image_size": size if price["unit"] == PER_IMAGE else None,
                    "unit": price["unit"],
                    "unit_price": Decimal(price["price"]),
                    "cost": Decimal(price["cost"]),
                    "cost_unit": price.get("cost_unit", price["unit"]),
                }
                if line not in lines:
                    lines.append(line)
    return lines
