from __future__ import annotations

import time
from dataclasses import dataclass
from decimal import Decimal
from threading import Lock
from uuid import UUID

from django.utils import timezone

from billing.models import Price, Subscription
from billing.pricing import Prices

# Prices are read with every acceptance and change a few times a year.
CACHE_SECONDS = 1.0


@dataclass(frozen=True)
class PriceBook:
    """The prices of one plan, model and tier at a moment."""

    currency: str
    prices: Prices


_cache: dict[tuple[UUID, str, str], tuple[float, PriceBook]] = {}
_lock = Lock()


def price_book(*, tenant_id: UUID, model: str, tier: str) -> PriceBook:
    """What `tenant_id` pays now, inside its door: its plan's own prices, else the upstream's with the plan's mark-up.

    Without a plan the upstream's prices apply as they are. Cached input without a price costs what text does.
    """
    key = (tenant_id, model, tier)
    cached = _cache.get(key)
    if cached is not None and cached[0] > time.monotonic():
        return cached[1]
    book = _price_book(tenant_id, model, tier)
    with _lock:
        if len(_cache) > 10_000:
            _cache.clear()
        _cache[key] = (time.monotonic() + CACHE_SECONDS, book)
    return book


def _price_book(tenant_id: UUID, model: str, tier: str) -> PriceBook:
    now = timezone.now()
    subscription = (
        Subscription.objects.select_related("plan")
        .filter(tenant_id=tenant_id, starts_at__lte=now)
        .order_by("-starts_at")
        .first()
    )
    plan = subscription.plan if subscription else None
    rows = Price.objects.filter(
        model=model, effective_from__lte=now, plan__in=[plan] if plan else []
    ) | Price.objects.filter(model=model, effective_from__lte=now, plan=None)
    costs: dict[tuple[str, str], Price] = {}
    own: dict[tuple[str, str], Price] = {}
    for row in rows.order_by("effective_from"):
        (costs if row.plan_id is None else own)[row.kind, row.tier] = row

    factor = 1 + (plan.markup_percent if plan else Decimal(0)) / 100
    prices = {}
    for kind in {kind for kind, _ in (*costs, *own)}:
        cost = costs.get((kind, tier)) or costs.get((kind, "standard"))
        set_price = own.get((kind, tier)) or own.get((kind, "standard"))
        unit = (set_price or cost).unit  # type: ignore[union-attr]
        price = set_price.unit_price if set_price else cost.unit_price * factor  # type: ignore[union-attr]
        prices[kind] = {
            "unit": unit,
            "price": str(price),
            "cost": str(cost.unit_price if cost else Decimal(0)),
        }
    if "cached_input" not in prices and "text_input" in prices:
        prices["cached_input"] = prices["text_input"]
    return PriceBook(currency=plan.currency if plan else "USD", prices=prices)
