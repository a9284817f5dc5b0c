"""The SQL functions as their files have them: whom each calls, what it locks and in which order, which JSON it reads
and writes. Read by patterns, not by a grammar: enough for how the files are written, and the tests say when it is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
FOLDERS = (
    "accounts", "billing", "generations", "platform/cavendish/above/schedule", "platform/cavendish/events",
    "platform/cavendish/mail",
)  # fmt: skip
TABLE = r"(?:accounts|billing|generations|events|mail)_\w+"

HEAD = re.compile(r"CREATE (?:OR REPLACE )?FUNCTION (\w+)\((.*?)\)\s*(RETURNS|LANGUAGE|IMMUTABLE)", re.DOTALL)
BODY = re.compile(r"AS \$\$(.*?)\$\$", re.DOTALL)
TRIGGER = re.compile(
    r"CREATE (?:CONSTRAINT )?TRIGGER \w+ (?:BEFORE|AFTER) ([\w ]+?)(?: OF \w+)? ON (\w+).*?EXECUTE FUNCTION (\w+)\(",
    re.DOTALL,
)

ADVISORY = re.compile(r"(pg_(?:try_)?advisory_xact_lock)(_shared)?\s*\(\s*(hashtext(?:extended)?)\s*\(")
INSERT = re.compile(rf"\bINSERT INTO ({TABLE})\b")
UPDATE = re.compile(rf"(?<!DO )(?<!FOR )(?<!KEY )\bUPDATE ({TABLE})\b")
DELETE = re.compile(rf"\bDELETE FROM ({TABLE})\b")
LOCK_TABLE = re.compile(rf"\bLOCK TABLE ({TABLE})\b")
ALTER_TABLE = re.compile(rf"\bALTER TABLE ({TABLE})\b")
ROWS = re.compile(r"\bFOR (?:UPDATE|NO KEY UPDATE|SHARE|KEY SHARE)\b(?: OF (\w+))?( SKIP LOCKED)?")
FROM = re.compile(rf"\b(?:FROM|JOIN) ({TABLE})(?: (?:AS )?(?!ON\b|WHERE\b|ORDER\b|FOR\b|CROSS\b|JOIN\b|LEFT\b)(\w+))?")


@dataclass(frozen=True)
class Lock:
    """`waits` is false for what is passed over where somebody else has it."""

    name: str
    waits: bool = True


@dataclass(frozen=True)
class Call:
    name: str


@dataclass(frozen=True)
class Function:
    path: Path
    name: str
    text: str

    @property
    def app(self) -> str:
        return self.path.relative_to(ROOT).parts[-4 if self.path.parent.name == "functions" else -3]

    @cached_property
    def parameters(self) -> list[tuple[str, str]]:
        """(name, type) of those that are passed in."""
        head = HEAD.search(self.text)
        assert head, self.name
        parts = [" ".join(part.split()) for part in split(head[2])]
        return [
            (name, rest.partition(" DEFAULT ")[0])
            for name, _, rest in (part.partition(" ") for part in parts)
            if name and name != "OUT"
        ]

    @property
    def defaults(self) -> int:
        """How many parameters may be left out."""
        head = HEAD.search(self.text)
        assert head
        return head[2].count(" DEFAULT ")

    @cached_property
    def body(self) -> str:
        """Without comments."""
        body = BODY.search(self.text)
        assert body, self.name
        return re.sub(r"--[^\n]*", "", body[1])

    @property
    def is_definer(self) -> bool:
        return "SECURITY DEFINER" in self.text

    @cached_property
    def steps(self) -> list[Lock | Call]:
        """Locks and calls of ours, in the order of the text: both branches of an IF one after the other."""
        steps: list[tuple[int, Lock | Call]] = [*_locks(self.body), *_calls(self.name, self.body)]
        return [step for _, step in sorted(steps, key=lambda step: step[0])]

    @property
    def calls(self) -> list[str]:
        return list(dict.fromkeys(step.name for step in self.steps if isinstance(step, Call)))


@cache
def functions() -> dict[str, Function]:
    """By name: what is loaded after every migrate."""
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder / "sql" / "functions").glob("*.sql"))]
    return {path.stem: Function(path, path.stem, path.read_text()) for path in paths}


@cache
def triggers() -> dict[str, tuple[Function, str]]:
    """Functions of triggers, which migrations make, with "UPDATE accounts_tenant" or the like. The last text counts."""
    texts: dict[str, Function] = {}
    events: dict[str, str] = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder / "sql").glob("*.sql")):
            text = path.read_text()
            for chunk in re.split(r"(?m)^(?=CREATE (?:OR REPLACE )?FUNCTION)", text):
                head = re.match(r"CREATE (?:OR REPLACE )?FUNCTION (\w+)\(\) RETURNS trigger", chunk)
                if head:
                    texts[head[1]] = Function(path, head[1], chunk)
            for event, table, name in TRIGGER.findall(text):
                events[name] = f"{event} {table}"
    return {name: (function, events[name]) for name, function in texts.items()}


def split(text: str) -> list[str]:
    """The parts between commas that stand in no parentheses, brackets or quotes."""
    parts, depth, quoted, start = [], 0, False, 0
    for at, char in enumerate(text):
        if char == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        elif char == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [part.strip() for part in [*parts, text[start:]]]


def closing(text: str, opening: int) -> int:
    """Where the parenthesis that opens at `opening` is closed."""
    depth, quoted = 0, False
    for at in range(opening, len(text)):
        if text[at] == "'":
            quoted = not quoted
        elif not quoted and text[at] == "(":
            depth += 1
        elif not quoted and text[at] == ")":
            depth -= 1
            if depth == 0:
                return at
    raise ValueError(f"no parenthesis closes {text[opening : opening + 40]!r}")


def _calls(name: str, body: str) -> Iterator[tuple[int, Call]]:
    for match in re.finditer(r"\b(\w+)\s*\(", body):
        if match[1] in functions() and match[1] != name:
            yield match.start(), Call(match[1])


def _locks(body: str) -> Iterator[tuple[int, Lock]]:
    for match in ADVISORY.finditer(body):
        arguments = split(body[match.end() : closing(body, match.end() - 1)])
        yield match.start(), Lock(advisory_name(match[3], arguments), waits="try" not in match[1])
    for match in INSERT.finditer(body):
        # Who inserts a row that somebody else is inserting waits for that one's end.
        rest = re.split(r";|\bINSERT INTO\b|\bDELETE FROM\b|(?<!DO )\bUPDATE (?=\w)", body[match.end() :])[0]
        if "ON CONFLICT" in rest:
            yield match.start(), Lock(match[1])
    for pattern in (UPDATE, DELETE):
        for match in pattern.finditer(body):
            yield match.start(), Lock(match[1])
    for pattern in (LOCK_TABLE, ALTER_TABLE):
        for match in pattern.finditer(body):
            yield match.start(), Lock(f"the table {match[1]}")
    for match in ROWS.finditer(body):
        for table in _locked_tables(body, match.start(), match[1]):
            yield match.start(), Lock(table, waits=not match[2])


def advisory_name(function: str, arguments: list[str]) -> str:
    """The name of an advisory lock: the text that is hashed, and the seed where it is not 0."""
    text = " ".join(re.findall(r"'([^']*)'", arguments[0])).strip(":") or "tenant"
    seed = arguments[1] if len(arguments) > 1 else "0"
    return f"advisory lock {text}" + (f", {seed}" if seed != "0" else "")


def _locked_tables(body: str, at: int, alias: str | None) -> list[str]:
    """The tables of the SELECT that ends in FOR UPDATE at `at`; of several the one with the alias."""
    depth, start = 0, at
    while start > 0:
        char = body[start - 1]
        if char == ")":
            depth += 1
        elif char == "(":
            if depth == 0:
                break
            depth -= 1
        elif char == ";" and depth == 0:
            break
        start -= 1
    select, inner = "", 0
    for char in body[start:at]:
        inner += char == "("
        if not inner:
            select += char
        inner -= char == ")"
    tables = FROM.findall(select)
    if alias:
        return [table for table, named in tables if alias in (named, table)]
    return [table for table, _ in tables]
