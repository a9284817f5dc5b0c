from __future__ import annotations

from decimal import Decimal

import pytest

from billing.money import amount_text, line_amount, price_text


@pytest.mark.parametrize(
    ("quantity", "price", "unit", "expected"),
    [
        (31, "0.50", "per_1m_tokens", "0.000015500"),
        (1120, "60.00", "per_1m_tokens", "0.067200000"),
        (1, "0.0005", "per_1m_tokens", "0.000000001"),  # exactly half of the last place goes up
        (1, "0.000499", "per_1m_tokens", "0.000000000"),
        (3, "0.0005", "per_1m_tokens", "0.000000002"),  # half away from zero, not to even
        (5, "0.0005", "per_1m_tokens", "0.000000003"),
        (2, "14.00", "per_1k_queries", "0.028000000"),
        (7, "0.123456789", "each", "0.864197523"),
        (0, "60", "per_1m_tokens", "0.000000000"),
        (10**12, "99999.999999999", "per_1m_tokens", "99999999999.999000000"),
    ],
)
def test_a_line_is_rounded_once_half_away_from_zero(quantity: int, price: str, unit: str, expected: str) -> None:
    amount = line_amount(quantity=quantity, unit_price=Decimal(price), unit=unit)
    assert amount == Decimal(expected)
    assert amount_text(amount) == expected


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ("0.5", "0.50"),
        ("60", "60.00"),
        ("60.000000000", "60.00"),
        ("0.125", "0.125"),
        ("1E+3", "1000.00"),
        ("0", "0.00"),
        ("0.000000001", "0.000000001"),
        ("-0.5", "-0.50"),
    ],
)
def test_a_price_has_at_least_two_places_and_no_idle_zeros(price: str, expected: str) -> None:
    assert price_text(Decimal(price)) == expected


def test_an_amount_is_never_written_as_an_exponent() -> None:
    assert amount_text(Decimal("1E-9")) == "0.000000001"
    assert amount_text(Decimal("1E+6")) == "1000000.000000000"
    assert amount_text(Decimal(0)) == "0.000000000"
