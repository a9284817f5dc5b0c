"""From quantities to lines of a charge, with the prices of the acceptance, never above the hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from billing.money import ZERO, amount_text, line_amount, price_text
from billing.usage import Usage, usage_read

Prices = Mapping[str, Mapping[str, str]]
"""{kind: {"unit", "price" (the tenant's), "cost" (the upstream's)}}; decimals as text, as a hold stores them."""

ABSORBED = "absorbed"


@dataclass(frozen=True)
class Line:
    """One kind's share of a charge; `quantity` in tokens or queries, `amount` rounded once."""

    kind: str
    quantity: int
    unit: str
    unit_price: Decimal
    amount: Decimal
    cost: Decimal

    def shown(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "quantity": self.quantity,
            "unit": self.unit,
            "unit_price": price_text(self.unit_price),
            "amount": amount_text(self.amount),
        }

    def record(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "quantity": self.quantity,
            "unit_price": str(self.unit_price),
            "amount": amount_text(self.amount),
            "cost": amount_text(self.cost),
        }


@dataclass
class Bill:
    """Lines that sum to `amount`; `cost` is the operator's; `absorbed` went beyond the hold."""

    lines: list[Line] = field(default_factory=list)
    amount: Decimal = ZERO
    cost: Decimal = ZERO
    absorbed: Decimal = ZERO
    flags: list[str] = field(default_factory=list)


def lines_price(quantities: Mapping[str, int], prices: Prices) -> tuple[list[Line], list[str]]:
    """One line per kind that has a quantity, and the kinds that have no price (which are not billed)."""
    lines, unpriced = [], []
    for kind, quantity in quantities.items():
        price = prices.get(kind)
        if price is None:
            unpriced.append(kind)
            continue
        unit, unit_price = price["unit"], Decimal(price["price"])
        lines.append(
            Line(
                kind=kind,
                quantity=quantity,
                unit=unit,
                unit_price=unit_price,
                amount=line_amount(quantity=quantity, unit_price=unit_price, unit=unit),
                cost=line_amount(quantity=quantity, unit_price=Decimal(price["cost"]), unit=unit),
            )
        )
    return lines, unpriced


def bill(usage: Usage, *, prices: Prices, ceiling: Decimal) -> Bill:
    """The bill of a usage. What exceeds `ceiling`, the hold, becomes a negative line and is the operator's loss."""
    lines, unpriced = lines_price(usage.priced(), prices)
    result = Bill(lines=lines, flags=[*usage.flags, *(f"unpriced_{kind}" for kind in unpriced)])
    result.cost = sum((line.cost for line in lines), ZERO)
    whole = sum((line.amount for line in lines), ZERO)
    result.absorbed = max(whole - ceiling, ZERO)
    result.amount = whole - result.absorbed
    if result.absorbed:
        result.flags.append("over_hold")
        result.lines.append(Line(ABSORBED, 1, "each", -result.absorbed, amount=-result.absorbed, cost=ZERO))
    return result


def settlement(
    usage: Usage, *, prices: Prices, ceiling: Decimal, images: int, charged: bool, reason: str | None
) -> dict[str, Any]:
    """What `charge_settle` (billing/sql) takes: the charge, its usage records, and what the budgets count."""
    billed = bill(usage, prices=prices, ceiling=ceiling)
    records = [line.record() for line in billed.lines]
    if not charged:
        records = [{**record, "amount": "0", "unit_price": "0"} for record in records if record["kind"] != ABSORBED]
    return {
        "status": "charged" if charged else "not_charged",
        "reason": reason,
        "amount": amount_text(billed.amount) if charged else "0",
        "cost": amount_text(billed.cost),
        "absorbed": amount_text(billed.absorbed) if charged else "0",
        "lines": [line.shown() for line in billed.lines] if charged else [],
        "usage": usage.as_json(),
        "flags": billed.flags,
        "records": records,
        "images": images if charged else 0,
        "tokens": usage.total if charged else 0,
        "requests": 1,
    }


def extra_cost(charge: dict[str, Any], usages: Sequence[Mapping[str, Any]], *, prices: Prices) -> dict[str, Any]:
    """Adds to the operator's cost what the upstream reported for answers that were thrown away."""
    extra = ZERO
    for reported in usages:
        lines, _ = lines_price(usage_read(reported, picture_tokens=0, queries=0).priced(), prices)
        extra += sum((line.cost for line in lines), ZERO)
    if not extra:
        return charge
    return {
        **charge,
        "cost": amount_text(Decimal(charge["cost"]) + extra),
        "flags": [*charge["flags"], "repeated_answers"],
    }
