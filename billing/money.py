"""Amounts: `Decimal` with nine places, rounded once per usage line, half away from zero. Never float."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from django.utils.translation import gettext_noop as _

LINE = Decimal("0.000000001")
SHARE = Decimal("1e-20")
"""The places of a share of something, as what refunds and credit notes have left of it."""
ZERO = Decimal(0)
UNIT_SIZE = {"per_1m_tokens": 1_000_000, "per_1k_queries": 1_000, "per_image": 1, "each": 1}
MOST = Decimal(10) ** 11
"""NUMERIC(20, 9) holds what is below."""


class AmountInvalid(ValueError):
    """A text that is no amount; `code` says why, for programs, the message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


_PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)


def amount_parse(text: object, *, negative: bool = False, zero: bool = False) -> Decimal:
    """Returns an amount as people and programs send it: a string like "12.50". Raises AmountInvalid.

    Numbers of JSON are refused, since they pass through floats on their way; so are exponents, NaN and infinities.
    """
    if not isinstance(text, str):
        raise AmountInvalid("wrong_type", _('Write the amount as a string, like "12.50".'))
    if len(text) > 60 or not _PLAIN.fullmatch(text):
        raise AmountInvalid(
            "not_an_amount", _('An amount is written in plain digits, like "12.50"; no exponent, no NaN.')
        )
    return amount_check(Decimal(text), negative=negative, zero=zero)


def amount_check(amount: Decimal, *, negative: bool = False, zero: bool = False) -> Decimal:
    """Returns the amount with nine places. Raises AmountInvalid; also for zero and negative ones unless allowed."""
    if not amount.is_finite():
        raise AmountInvalid("not_an_amount", _("An amount is a finite number."))
    if abs(amount) >= MOST:
        raise AmountInvalid("too_large", _("An amount has at most eleven digits before the point."))
    if amount != amount.quantize(LINE):
        raise AmountInvalid("too_precise", _("An amount has at most nine decimal places."))
    if amount < 0 and not negative:
        raise AmountInvalid("negative", _("The amount must not be negative."))
    if not amount and not zero:
        raise AmountInvalid("zero", _("The amount is zero."))
    return amount.quantize(LINE)


def line_amount(*, quantity: int, unit_price: Decimal, unit: str) -> Decimal:
    """Returns quantity × price / unit size: the one rounding of a usage line (NUMERIC(20, 9))."""
    return (quantity * unit_price / UNIT_SIZE[unit]).quantize(LINE, rounding=ROUND_HALF_UP)


def unit_price_rounded(price: Decimal) -> Decimal:
    """Returns a computed unit price (upstream's with a mark-up) with nine places, rounded once, half away from zero."""
    return price.quantize(LINE, rounding=ROUND_HALF_UP)


def share_amount(amount: Decimal, *, part: int, whole: int, up: bool = False) -> Decimal:
    """Returns `part`/`whole` of an amount, rounded half away from zero, or up where a hold must not fall short."""
    return (amount * part / whole).quantize(LINE, rounding=ROUND_CEILING if up else ROUND_HALF_UP)


def minor_amount(amount: Decimal, digits: int) -> Decimal:
    """Returns an amount in smallest coins, as invoice lines have it, rounded once half away from zero.

    `digits` are the decimal places of the coin (see `minor_units`).
    """
    return amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def amount_text(amount: Decimal) -> str:
    """Returns an amount as JSON carries it: all nine places, "0.067215500"."""
    return f"{amount.quantize(LINE):f}"


def price_text(price: Decimal) -> str:
    """Returns a unit price without idle zeros but with at least two places: "0.50", "60.00", "0.125"."""
    text = f"{price.normalize():f}"
    units, _, places = text.partition(".")
    return f"{units}.{places.ljust(2, '0')}"


def minor_text(amount: Decimal, digits: int) -> str:
    """Returns an amount of an invoice as JSON carries it: all places of the minor unit, "12.35", and no more."""
    return f"{amount:.{digits}f}"
