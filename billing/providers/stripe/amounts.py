"""Amounts as Stripe writes them: whole numbers of a currency's smallest unit, which is not always ISO's.

By https://docs.stripe.com/currencies: some currencies have no decimals; ISK and UGX are written with two that must be
zero; those of three decimals are charged to the nearest ten.
"""

from __future__ import annotations

from decimal import Decimal

from billing.providers.errors import AmountNotPayable

NO_DECIMALS = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
)
WHOLE_IN_HUNDREDTHS = frozenset({"ISK", "UGX"})
THREE_DECIMALS = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])


def places(currency: str) -> int:
    """Returns how many decimals Stripe's unit of a currency has."""
    currency = currency.upper()
    return 0 if currency in NO_DECIMALS else 3 if currency in THREE_DECIMALS else 2


def step(currency: str) -> Decimal:
    """Returns the smallest difference between two amounts that can be charged."""
    currency = currency.upper()
    if currency in NO_DECIMALS | WHOLE_IN_HUNDREDTHS:
        return Decimal(1)
    return Decimal("0.01")


def to_units(amount: Decimal, currency: str) -> int:
    """Returns the amount in Stripe's units. Raises AmountNotPayable, never rounds."""
    least = step(currency)
    if amount <= 0 or amount % least:
        raise AmountNotPayable("amount_not_payable", f"Use a multiple of {least} {currency.upper()}.")
    return int(amount.scaleb(places(currency)))


def from_units(units: int, currency: str) -> Decimal:
    return Decimal(units).scaleb(-places(currency))
