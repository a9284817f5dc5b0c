"""From quantities to lines of a charge, with the prices of the acceptance, never above the hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from billing.contracts import ChargeLine, KindPrice, Settlement, UsageRecordValues
from billing.money import ZERO, amount_text, line_amount, price_text, share_amount, unit_price_rounded
from billing.usage.upstream import Usage, usage_parse

Prices = Mapping[str, KindPrice]
"""The prices by kind, as a hold stores them."""

ABSORBED = "absorbed"
INCLUDED = "included"
PER_IMAGE = "per_image"


@dataclass(frozen=True)
class Line:
    """One kind's share of a charge, `amount` rounded once.

    `quantity` is what is billed, in `unit`; `tokens` what was used. They differ where a picture has a fixed price.
    """

    kind: str
    quantity: int
    unit: str
    unit_price: Decimal
    amount: Decimal
    cost: Decimal
    tokens: int

    def shown(self) -> ChargeLine:
        return {
            "kind": self.kind,
            "quantity": self.quantity,
            "unit": self.unit,
            "unit_price": price_text(self.unit_price),
            "amount": amount_text(self.amount),
        }

    def record(self) -> UsageRecordValues:
        return {
            "kind": self.kind,
            "quantity": self.tokens,
            "pieces": self.quantity if self.unit == PER_IMAGE else None,
            "unit": self.unit,
            "unit_price": str(self.unit_price),
            "amount": amount_text(self.amount),
            "cost": amount_text(self.cost),
        }


@dataclass
class Bill:
    """Lines that sum to `amount`; `cost` is the operator's; `absorbed` is worth what the tenant does not pay for."""

    lines: list[Line] = field(default_factory=list)
    amount: Decimal = ZERO
    cost: Decimal = ZERO
    absorbed: Decimal = ZERO
    flags: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Covered:
    """How many of the pictures that a hold allows are included in the plan: `images` of `most`."""

    images: int = 0
    most: int = 0


NOT_COVERED = Covered()


@dataclass(frozen=True)
class Undelivered:
    """Pictures that came and are not given out, and their part of the usage's tokens."""

    images: int = 0
    tokens: int = 0


ALL_DELIVERED = Undelivered()


def lines_price(quantities: Mapping[str, int], prices: Prices, *, images: int) -> tuple[list[Line], list[str]]:
    """Returns a line per kind that has a quantity, and the kinds that have no price (which are not billed).

    `images` is how many pictures there are, for prices per picture.
    """
    lines, unpriced = [], []
    for kind, tokens in quantities.items():
        price = prices.get(kind)
        if price is None:
            unpriced.append(kind)
            continue
        unit, unit_price = price["unit"], Decimal(price["price"])
        quantity = images if unit == PER_IMAGE else tokens
        lines.append(
            Line(
                kind=kind,
                quantity=quantity,
                unit=unit,
                unit_price=unit_price,
                amount=line_amount(quantity=quantity, unit_price=unit_price, unit=unit),
                # the upstream sells tokens, never pictures
                cost=line_amount(quantity=tokens, unit_price=Decimal(price["cost"]), unit=price.get("cost_unit", unit)),
                tokens=tokens,
            )
        )
    return lines, unpriced


def lines_sum(lines: Sequence[Line]) -> Decimal:
    return sum((line.amount for line in lines), ZERO)


def included_line(amount: Decimal, *, images: int, covered: Covered, up: bool = False) -> Line | None:
    """Returns what included pictures take off: each takes an equal share of the price of its generation.

    When no picture came the share is that of the hold, so what costs nothing when it works costs nothing when it does
    not. `up` rounds what is left up, as a hold does.
    """
    part, of = (min(covered.images, images), images) if images else (covered.images, covered.most)
    if not part or not amount:
        return None
    off = amount - share_amount(amount, part=of - part, whole=of, up=up)
    used = min(covered.images, images)
    each = unit_price_rounded(off / used) if used else ZERO
    return Line(INCLUDED, used, "each", -each, amount=-off, cost=ZERO, tokens=used)


def bill(
    usage: Usage,
    *,
    prices: Prices,
    ceiling: Decimal,
    images: int = 0,
    covered: Covered = NOT_COVERED,
    undelivered: Undelivered = ALL_DELIVERED,
) -> Bill:
    """Returns the bill of a usage, of which `images` pictures are given out and `undelivered` are not.

    What exceeds `ceiling`, the hold, and the price of what is not given out become a negative line, the operator's
    loss.
    """
    lines, unpriced = lines_price(usage.priced(), prices, images=images + undelivered.images)
    result = Bill(lines=lines, flags=[*usage.flags, *(f"unpriced_{kind}" for kind in unpriced)])
    result.cost = sum((line.cost for line in lines), ZERO)
    whole = lines_sum(lines)
    delivered = _delivered(usage, prices, whole=whole, images=images, undelivered=undelivered)
    included = included_line(delivered, images=images, covered=covered)
    if included is not None:
        lines.append(included)
        delivered += included.amount
    result.amount = min(delivered, ceiling)
    result.absorbed = lines_sum(lines) - result.amount
    if delivered > ceiling:
        result.flags.append("over_hold")
    if undelivered.images:
        result.flags.append("images_not_delivered")
    if result.absorbed:
        lines.append(Line(ABSORBED, 1, "each", -result.absorbed, amount=-result.absorbed, cost=ZERO, tokens=1))
    return result


def _delivered(usage: Usage, prices: Prices, *, whole: Decimal, images: int, undelivered: Undelivered) -> Decimal:
    """Returns the price of a usage without the pictures that are not given out; `whole` is that of all of it."""
    if not undelivered.images:
        return whole
    rest = replace(usage, image_output=usage.image_output - undelivered.tokens)
    return lines_sum(lines_price(rest.priced(), prices, images=images)[0])


def images_within(
    usage: Usage, *, prices: Prices, ceiling: Decimal, shares: Sequence[int], most: int, covered: Covered
) -> int:
    """Returns how many of the pictures that came are given out: `most`, and further ones at full price within the hold.

    `shares` are the pictures' tokens, in their order.
    """
    count = min(most, len(shares))
    while count < len(shares):
        rest = Undelivered(len(shares) - count - 1, sum(shares[count + 1 :]))
        billed = bill(usage, prices=prices, ceiling=ceiling, images=count + 1, covered=covered, undelivered=rest)
        if "over_hold" in billed.flags:
            return count
        count += 1
    return count


def settlement(
    usage: Usage,
    *,
    prices: Prices,
    ceiling: Decimal,
    images: int,
    charged: bool,
    reason: str | None,
    covered: Covered = NOT_COVERED,
    undelivered: Undelivered = ALL_DELIVERED,
) -> Settlement:
    """Returns what `charge_settle` (SQL) takes: the charge, its usage records, and what the budgets count.

    `images` are those that are given out.
    """
    billed = bill(usage, prices=prices, ceiling=ceiling, images=images, covered=covered, undelivered=undelivered)
    charge: Settlement = {
        "status": "charged",
        "reason": reason,
        "amount": amount_text(billed.amount),
        "cost": amount_text(billed.cost),
        "absorbed": amount_text(billed.absorbed),
        "lines": [line.shown() for line in billed.lines],
        "usage": usage.as_json(),
        "flags": billed.flags,
        "records": [line.record() for line in billed.lines],
        "images": images,
        "tokens": usage.total - undelivered.tokens,
        "requests": 1,
    }
    return charge if charged else uncharged(charge, reason=reason)


def uncharged(charge: Settlement, *, reason: str | None) -> Settlement:
    """Returns the charge as that of a generation which the tenant does not pay for; the cost stays the operator's."""
    records: list[UsageRecordValues] = [
        {**record, "amount": "0", "unit_price": "0"}
        for record in charge["records"]
        if record["kind"] not in (ABSORBED, INCLUDED)
    ]
    return {
        **charge,
        "status": "not_charged",
        "reason": reason,
        "amount": "0",
        "absorbed": "0",
        "lines": [],
        "records": records,
        "images": 0,
        "tokens": 0,
    }


def extra_cost(charge: Settlement, usages: Sequence[Mapping[str, Any]], *, prices: Prices) -> Settlement:
    """Returns the charge with the cost of answers that were thrown away, as the upstream reported it."""
    extra = ZERO
    for reported in usages:
        lines, _ = lines_price(usage_parse(reported, picture_tokens=0, queries=0).priced(), prices, images=0)
        extra += sum((line.cost for line in lines), ZERO)
    if not extra:
        return charge
    return {
        **charge,
        "cost": amount_text(Decimal(charge["cost"]) + extra),
        "flags": [*charge["flags"], "repeated_answers"],
    }
