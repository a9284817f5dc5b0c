"""Prices and changes of prices as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.models import Price
from billing.money import price_text
from billing.prices.services import PriceChange
from cavendish.db import ids


def price_json(row: Price) -> dict[str, Any]:
    return {
        "object": "price",
        "plan_id": ids.encode(ids.PLAN, row.plan_id) if row.plan_id else None,
        "model": row.model,
        "kind": row.kind,
        "tier": row.tier,
        "unit": row.unit,
        "image_size": row.image_size or None,
        "unit_price": price_text(row.unit_price),
        "currency": row.currency,
        "effective_from": row.effective_from,
        "source": row.source,
        "actor": row.actor,
        "created_at": row.created_at,
    }


def change_json(change: PriceChange) -> dict[str, Any]:
    return {
        "model": change.new.model,
        "kind": change.new.kind,
        "tier": change.new.tier,
        "image_size": change.new.image_size or None,
        "old_unit": change.old_unit,
        "old_unit_price": price_text(change.old_price) if change.old_price is not None else None,
        "unit": change.new.unit,
        "unit_price": price_text(change.new.unit_price),
        "effective_until": change.until,
    }


def book_line_json(model: str, line: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a line of `book_lines`."""
    return {
        "model": model,
        **line,
        "unit_price": price_text(line["unit_price"]),
        "cost": price_text(line["cost"]),
    }
