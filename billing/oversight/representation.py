"""What operators see before they act, as the API shows it."""

from __future__ import annotations

from typing import TypedDict

from billing.money import price_text
from billing.oversight.below_cost import BelowCost
from cavendish.db import ids


class BelowCostJson(TypedDict):
    """`image_size` is null where the price is of all sizes."""

    plan_id: str
    plan: str
    tenants: int
    model: str
    tier: str
    kind: str
    image_size: str | None
    unit: str
    unit_price: str
    cost: str


def below_cost_json(row: BelowCost) -> BelowCostJson:
    return {
        "plan_id": ids.encode(ids.PLAN, row.plan.id),
        "plan": row.plan.name,
        "tenants": row.tenants,
        "model": row.model,
        "tier": row.tier,
        "kind": row.kind,
        "image_size": row.image_size or None,
        "unit": row.unit,
        "unit_price": price_text(row.price),
        "cost": price_text(row.cost),
    }
