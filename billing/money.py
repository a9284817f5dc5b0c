"""Amounts: `Decimal` with nine places, rounded once per usage line, half away from zero. Never float."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

LINE = Decimal("0.000000001")
ZERO = Decimal(0)
UNIT_SIZE = {"per_1m_tokens": 1_000_000, "per_1k_queries": 1_000, "each": 1}


def line_amount(*, quantity: int, unit_price: Decimal, unit: str) -> Decimal:
    """Quantity × price / unit size: the one rounding of a usage line (NUMERIC(20, 9))."""
    return (quantity * unit_price / UNIT_SIZE[unit]).quantize(LINE, rounding=ROUND_HALF_UP)


def amount_text(amount: Decimal) -> str:
    """An amount as JSON carries it: all nine places, "0.067215500"."""
    return f"{amount.quantize(LINE):f}"


def price_text(price: Decimal) -> str:
    """A unit price without idle zeros but with at least two places: "0.50", "60.00", "0.125"."""
    text = f"{price.normalize():f}"
    whole, _, places = text.partition(".")
    return f"{whole}.{places.ljust(2, '0')}"
