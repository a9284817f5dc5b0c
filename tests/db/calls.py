"""Where Python calls SQL functions, read from the source: for tests, and for the page of the call graph."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
ROOTS = ("platform/cavendish", "accounts", "billing", "generations")
# The functions of cavendish.db.call, and how many arguments come before the name.
CALLS = {
    "call": 0, "call_row": 0, "call_rows": 0, "call_values": 0, "statement": 0,
    "acall": 1, "acall_rows": 1, "acall_values": 1,
}  # fmt: skip
SQL = re.compile(r"\b(SELECT|JOIN)\b")
NAMED = re.compile(r"\b([a-z]+_[a-z_]+)\(")


@dataclass(frozen=True)
class Call:
    """`function` is None where the name is no literal; `count` where the number of values is not known."""

    path: Path
    line: int
    caller: str
    function: str | None
    count: int | None

    @property
    def place(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}"


@cache
def sources() -> list[Path]:
    return [path for root in ROOTS for path in sorted((ROOT / root).rglob("*.py"))]


def calls_in(path: Path, text: str) -> Iterator[Call]:
    if "cavendish.db.call" not in text or path.match("cavendish/db/call.py"):
        return
    tree = ast.parse(text)
    for scope in [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))]:
        for node in _own(scope):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
                yield _call(path, node, getattr(scope, "name", ""), CALLS[node.func.id])


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """What stands in a function and in no function inside it."""
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
            yield from _own(child)


def _call(path: Path, node: ast.Call, caller: str, skip: int) -> Call:
    name, *values = node.args[skip:]
    literal = name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else None
    if node.func.id == "statement":  # type: ignore[attr-defined]
        [value] = values
        count = value.value if isinstance(value, ast.Constant) and isinstance(value.value, int) else None
    else:
        count = None if any(isinstance(value, ast.Starred) for value in values) else len(values)
    return Call(path, node.lineno, caller, literal, count)


@cache
def calls() -> list[Call]:
    return [call for path in sources() for call in calls_in(path, path.read_text())]


@cache
def named_in_sql() -> dict[str, set[str]]:
    """{function: rooms whose SQL names it}: in strings of Python, or in the files of a reconciliation."""
    found: dict[str, set[str]] = {}
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.search(node.value):
                for name in NAMED.findall(node.value):
                    found.setdefault(name, set()).add(room_of(path))
    for root in ROOTS:
        for path in (ROOT / root).rglob("reconcile/sql/*.sql"):
            for name in NAMED.findall(path.read_text()):
                found.setdefault(name, set()).add(room_of(path))
    return found


def room_of(path: Path) -> str:
    """The folder of an app or of cavendish that a file stands in, for people."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join((parts[1:] if parts[0] == "platform" else parts)[:2])
