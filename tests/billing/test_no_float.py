"""Money is decimal to the last digit, in SQL too: there `10 ^ 2` is a double, and so is all that it touches."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.generations.helpers import one, rows

SQL = Path(__file__).resolve().parents[2] / "billing/sql"
FLOATING = re.compile(
    r"double precision|\bfloat[48]?\b|\breal\b|\brandom\(|(?<!::numeric )\^|\bpower\(",
    re.I,
)  # fmt: skip


def floats_in(text: str) -> list[str]:
    """Returns what of a SQL text, without its comments, computes in binary fractions."""
    return FLOATING.findall(re.sub(r"--[^\n]*|'[^']*'", "", text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ceil(a * 10 ^ 2)", ["^"]),
        ("ceil(a * 10::numeric ^ 2)", []),
        ("a::float8", ["float8"]),
        ("power(10, 2)", ["power("]),
        ("a double precision", ["double precision"]),
        ("random()", ["random("]),
        ("round(a, 2) -- 10 ^ 2", []),
    ],
)
def test_what_counts_as_a_float(text: str, found: list[str]) -> None:
    assert floats_in(text) == found


def test_no_sql_of_money_computes_in_floats() -> None:
    files = sorted(SQL.rglob("*.sql"))
    assert len(files) > 20
    assert {file.name: found for file in files if (found := floats_in(file.read_text()))} == {}


def test_no_column_of_money_is_a_float() -> None:
    floats = rows(
        "owner",
        """SELECT table_name, column_name FROM information_schema.columns
           WHERE table_name LIKE 'billing_%%' AND data_type IN ('double precision', 'real')""",
    )
    assert floats == []


def test_why_a_power_of_ten_is_written_as_numeric() -> None:
    wrong = """SELECT count(*) FROM generate_series(1, 10000) cents
               WHERE ceil(cents::numeric / 100 * {ten} ^ 2) / {ten} ^ 2 <> cents::numeric / 100"""
    assert one("owner", wrong.format(ten="10")) > 500  # one cent too high
    assert one("owner", wrong.format(ten="10::numeric")) == 0
