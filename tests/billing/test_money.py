from __future__ import annotations

from decimal import Decimal

import pytest

from billing.currencies import is_currency, minor_units
from billing.money import (
    AmountInvalid,
    amount_check,
    amount_parse,
    amount_text,
    line_amount,
    minor_amount,
    price_text,
    share_amount,
)


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


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("-1", "negative"),
        ("0", "zero"),
        ("0.000000000", "zero"),
        ("100000000000", "too_large"),
        ("9" * 60, "too_large"),
        ("9" * 61, "not_an_amount"),
        ("0.0000000001", "too_precise"),
        ("1e3", "not_an_amount"),
        ("+3", "not_an_amount"),
        ("NaN", "not_an_amount"),
        ("-Infinity", "not_an_amount"),
        ("", "not_an_amount"),
        (" 1", "not_an_amount"),
        ("1,5", "not_an_amount"),
        ("1.", "not_an_amount"),
        (".5", "not_an_amount"),
        ("١٢", "not_an_amount"),
        ("1\n", "not_an_amount"),
        (1, "wrong_type"),
        (1.5, "wrong_type"),
        (True, "wrong_type"),
        (None, "wrong_type"),
        (["1"], "wrong_type"),
    ],
)
def test_what_is_no_amount_is_refused_with_the_reason(text: object, code: str) -> None:
    with pytest.raises(AmountInvalid) as caught:
        amount_parse(text)
    assert caught.value.code == code


@pytest.mark.parametrize("text", ["0.000000001", "12.5", "99999999999.999999999", "007.10"])
def test_what_is_an_amount_is_taken_to_the_last_digit(text: str) -> None:
    assert amount_parse(text) == Decimal(text)


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity", "1E-10", "1E+11"])
def test_a_decimal_that_the_books_cannot_hold_is_no_amount(amount: str) -> None:
    with pytest.raises(AmountInvalid):
        amount_check(Decimal(amount))


def test_shares_sum_to_no_more_than_the_whole_when_rounded_down_and_cover_it_when_rounded_up() -> None:
    assert share_amount(Decimal("0.1"), part=1, whole=3) == Decimal("0.033333333")
    assert share_amount(Decimal("0.1"), part=1, whole=3, up=True) == Decimal("0.033333334")
    assert share_amount(Decimal("0.1"), part=3, whole=3) == Decimal("0.1")


@pytest.mark.parametrize(("currency", "expected"), [("USD", "0.13"), ("JPY", "0"), ("KWD", "0.125"), ("EUR", "0.13")])
def test_an_invoice_line_is_in_the_smallest_coin(currency: str, expected: str) -> None:
    assert minor_amount(Decimal("0.125"), minor_units(currency)) == Decimal(expected)


def test_currencies_are_those_of_iso_4217() -> None:
    assert all(is_currency(code) for code in ("USD", "EUR", "JPY", "XOF", "ZWG", "XCG"))
    assert not any(is_currency(code) for code in ("usd", "US", "XAU", "XXX", "BTC", "DEM", "HRK", "", "USD "))
