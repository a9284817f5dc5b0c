"""All regular expressions of the platform: found in the source, so that none is forgotten.

What is looked at: every call of a function of `re` by its first argument, `RegexValidator`s, and the patterns that
modules hold in tables. A call whose pattern cannot be told from the source has to be named by the test.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "accounts": ROOT / "accounts",
    "billing": ROOT / "billing",
    "generations": ROOT / "generations",
    "cavendish": ROOT / "platform" / "cavendish",
}
_FUNCTIONS = {"compile", "match", "search", "fullmatch", "sub", "subn", "split", "findall", "finditer"}
_SEARCHING = {"search", "sub", "subn", "split", "findall", "finditer"}
_METHODS = _FUNCTIONS - {"compile"}


@dataclass(frozen=True)
class Found:
    """A pattern and how it is put to a text: from its beginning, or from every place of it."""

    where: str
    pattern: re.Pattern[str] | re.Pattern[bytes]
    searched: bool


@dataclass(frozen=True)
class Call:
    """A call of `re` whose pattern only shows when it runs."""

    where: str
    code: str


def sources() -> Iterator[tuple[str, Path]]:
    """Module names and files."""
    for package, folder in PACKAGES.items():
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            yield ".".join((package, *(part for part in parts if part != "__init__"))), path


def find() -> tuple[list[Found], list[Call]]:
    """All patterns that the source tells, and the calls whose pattern it does not."""
    found: list[Found] = []
    calls: list[Call] = []
    for module, path in sources():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if not any(
            isinstance(node, ast.Name | ast.Attribute | ast.alias) and _names_re(node) for node in ast.walk(tree)
        ):
            continue
        uses = _uses(tree)
        names = dict(_assigned(tree))
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and _called(node)):
                continue
            where = f"{module}:{node.lineno}"
            pattern = _pattern(node, module)
            if pattern is None:
                calls.append(Call(where, ast.unparse(node)))
                continue
            name = names.get(id(node))
            function = _called(node)
            # A pattern with a name is put to texts by the name's methods; one that leaves its module may be searched.
            how = uses.get(name, _SEARCHING) if function in {"compile", "RegexValidator"} else {function}
            found.append(Found(where, pattern, bool(how & _SEARCHING)))
    return found, calls


def held(module: ModuleType) -> Iterator[re.Pattern[str] | re.Pattern[bytes]]:
    """The compiled patterns in a module's globals and the tables among them."""
    for value in vars(module).values():
        yield from _patterns_in(value, depth=3)


def modules() -> Iterator[ModuleType]:
    """All modules but those that do something when they are imported."""
    for package in PACKAGES:
        root = _imported(package)
        yield root
        for info in pkgutil.walk_packages(root.__path__, f"{package}."):
            if not info.name.rpartition(".")[2].startswith("__") and ".migrations" not in info.name:
                yield _imported(info.name)


def _imported(name: str) -> ModuleType:
    """The module. The web server's has Python keep temporary files in the spool, closed to PostgreSQL's user."""
    folder = tempfile.tempdir
    try:
        return importlib.import_module(name)
    finally:
        tempfile.tempdir = folder


def _patterns_in(value: object, depth: int) -> Iterator[re.Pattern[str] | re.Pattern[bytes]]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _patterns_in(item, depth - 1)
    elif depth and isinstance(value, dict):
        for item in value.values():
            yield from _patterns_in(item, depth - 1)


def _names_re(node: ast.AST) -> bool:
    return (isinstance(node, ast.alias) and node.name == "re") or (
        isinstance(node, ast.Name) and node.id == "RegexValidator"
    )


def _called(node: ast.Call) -> str | None:
    """The function of `re` that is called, or "RegexValidator"."""
    function = node.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "re":
        return function.attr if function.attr in _FUNCTIONS else None
    return "RegexValidator" if isinstance(function, ast.Name) and function.id == "RegexValidator" else None


def _assigned(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The values that are given a name, by their id, and the name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            yield id(node.value), node.targets[0].id


def _uses(tree: ast.Module) -> dict[str | None, set[str]]:
    """By the name of a pattern, the methods that the module calls of it; any other use counts as a search."""
    uses: dict[str | None, set[str]] = {}
    called: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in _METHODS:
            either = [node.value.body, node.value.orelse] if isinstance(node.value, ast.IfExp) else [node.value]
            for value in either:
                if isinstance(value, ast.Name):
                    uses.setdefault(value.id, set()).add(node.attr)
                    called.add(id(value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in called and node.id in uses:
            uses[node.id].add("search")
    return uses


def _pattern(node: ast.Call, module: str) -> re.Pattern[str] | re.Pattern[bytes] | None:
    first = node.args[0] if node.args else next((word.value for word in node.keywords if word.arg == "regex"), None)
    if first is None:
        return None
    try:
        # Names of the module that the pattern is put together of; anything else does not evaluate.
        scope = vars(_imported(module)) if not isinstance(first, ast.Constant) else {}
        text = eval(compile(ast.Expression(first), module, "eval"), {"re": re}, dict(scope))
    except Exception:
        return None
    if isinstance(text, re.Pattern):
        return text
    flags = re.NOFLAG
    for value in [*node.args[1:], *(word.value for word in node.keywords)]:
        code = ast.unparse(value)
        if code.startswith("re."):
            flags |= eval(code, {"re": re})
    return re.compile(text, flags) if isinstance(text, str | bytes) else None
