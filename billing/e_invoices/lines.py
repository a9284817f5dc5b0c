"""Lines of e-invoices: quantity × price is the amount, to the coin, or the line is sold as one piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing.invoices.labels import group_text, line_text, quantity_text
from billing.models import CreditNoteLine, InvoiceLine, Unit
from billing.money import minor_amount

ONE, PIECE = "C62", "H87"
"""Units of UN/ECE Recommendation 20: one of something, and a piece, which pictures are."""
_UNITS = {Unit.TOKENS: (ONE, 1_000_000), Unit.QUERIES: (ONE, 1_000), Unit.IMAGE: (PIECE, 1)}


@dataclass(frozen=True)
class Line:
    """`price` is for `base` pieces of `unit`, and never below zero: what is given back has a negative quantity."""

    number: int
    name: str
    description: str
    quantity: Decimal
    unit: str
    price: Decimal
    base: int
    amount: Decimal


def invoiced_lines(lines: Sequence[InvoiceLine], digits: int) -> list[Line]:
    return [_line(line, digits) for line in lines]


def credited_lines(lines: Sequence[CreditNoteLine]) -> list[Line]:
    return [_one(row.invoice_line, row.amount) for row in lines]


def _line(line: InvoiceLine, digits: int) -> Line:
    """Returns a line with its price, where it has one; what does not come to its amount is sold as one piece."""
    price = line.unit_price
    if line.unit and price is not None:
        code, base = _UNITS[Unit(line.unit)]
        quantity = Decimal(line.quantity)
        whole = minor_amount(quantity * price / base, digits)
        if abs(whole) == abs(line.amount):
            signed = quantity if whole == line.amount else -quantity
            return Line(line.number, _name(line), "", signed, code, price, base, line.amount)
    return _one(line, line.amount)


def _one(line: InvoiceLine, amount: Decimal) -> Line:
    sign = Decimal(-1 if amount < 0 else 1)
    return Line(line.number, _name(line), quantity_text(line), sign, ONE, abs(amount), 1, amount)


def _name(line: InvoiceLine) -> str:
    if line.type != InvoiceLine.Type.USAGE:
        return line_text(line)
    return f"{line_text(line)}, {group_text(line)}"
