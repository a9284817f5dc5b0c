"""Money is decimal to the last digit, in SQL too: there `10 ^ 2` is a double, and so is all that it touches."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.generations.helpers import one, rows

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("billing/sql", "billing/reconcile/sql", "generations/reconcile/sql")
"""SQL files that compute with money. That within Python is looked for below."""
FLOATING = re.compile(
    r"double precision|\bfloat[48]?\b|\breal\b|\brandom\(|(?<!::numeric )\^|\bpower\(|\bexp\(|\bln\(|\bsqrt\(|"
    r"\bpercentile_cont\(|\bstddev\w*\(|\bvar(?:iance|_\w+)\(",
    re.I,
)  # fmt: skip
STATEMENT = re.compile(r"\b(?:SELECT|UPDATE|INSERT|DELETE)\b")
TIMES = {"platform/cavendish/above/demo/seed.py"}
"""What spreads moments, not money."""


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


def statements(file: Path) -> list[str]:
    """Returns the texts of a Python file that hold SQL; of an f-string its pieces."""
    nodes = ast.walk(ast.parse(file.read_text()))
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [text for text in texts if STATEMENT.search(text)]


def test_no_sql_of_money_computes_in_floats() -> None:
    files = [file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.sql"))]
    assert len(files) > 50
    assert {file.name: found for file in files if (found := floats_in(file.read_text()))} == {}


def test_no_sql_within_python_does_either() -> None:
    files = [*(ROOT / "billing").rglob("*.py"), *(ROOT / "platform/cavendish/above").rglob("*.py")]
    texts = [(str(file.relative_to(ROOT)), text) for file in files for text in statements(file)]
    assert len(texts) > 50
    assert {name: found for name, text in texts if (found := floats_in(text)) and name not in TIMES} == {}


def test_no_function_of_money_takes_or_gives_a_float() -> None:
    names = [file.stem for file in (ROOT / "billing/sql/functions").glob("*.sql")]
    floats = rows(
        "owner",
        """SELECT p.proname FROM pg_proc p
           CROSS JOIN LATERAL unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]) || p.prorettype) t (type)
           WHERE p.pronamespace = 'public'::regnamespace AND p.proname = ANY (%s)
               AND t.type IN ('float4'::regtype, 'float8'::regtype)""",
        names,
    )
    assert floats == []


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
