"""The JSON that functions read and write, by its keys, read from their texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.db.sql_text import Function, closing, split

CHAIN = re.compile(r"\b(\w+)((?:\s*->>?\s*'\w+')+)")
KEY = re.compile(r"->(>?)\s*'(\w+)'")
RECORDSET = re.compile(r"jsonb_to_recordset\(([^()]*)\)\s*AS\s+\w+\s*\(")
BUILD = re.compile(r"\bjsonb_build_object\(")


@dataclass
class Tree:
    """Keys with what is below them. `whole`: the value is taken as it is, so what is below need not be all."""

    keys: dict[str, Tree] = field(default_factory=dict)
    whole: bool = False

    def at(self, *path: str) -> Tree:
        tree = self
        for name in path:
            tree = tree.keys.setdefault(name, Tree())
        return tree


def reads(function: Function) -> dict[str, Tree]:
    """What is read of each parameter of type jsonb. The entries of a list count as the list."""
    trees = {name: Tree() for name, type in function.parameters if type == "jsonb"}
    body = function.body
    for name, tree in trees.items():
        tree.whole = re.search(rf"\b{name}\b(?!\s*->)", RECORDSET.sub("", body)) is not None
    for match in RECORDSET.finditer(body):
        base, path = _path(match[1])
        if base in trees:
            columns = split(body[match.end() : closing(body, match.end() - 1)])
            for column in columns:
                trees[base].at(*path, column.split()[0])
    for match in CHAIN.finditer(RECORDSET.sub("", body)):
        if match[1] in trees:
            _, path = _path(match[0])
            trees[match[1]].at(*path).whole = True
    return trees


def _path(text: str) -> tuple[str, list[str]]:
    return text.strip().partition("->")[0].strip(), [name for _, name in KEY.findall(text)]


@dataclass
class Build:
    """A `jsonb_build_object`: `code` where the key `code` has a constant value, `inside` what it is an argument of."""

    keys: dict[str, Build | None]
    code: str | None
    inside: str


def builds(function: Function) -> list[Build]:
    """Those that are no part of another, in the order of the text."""
    found, end = [], 0
    for match in BUILD.finditer(function.body):
        if match.start() >= end:
            end = closing(function.body, match.end() - 1)
            found.append(_build(function.body[match.end() : end], _inside(function.body, match.start())))
    return found


def _build(arguments: str, inside: str) -> Build:
    parts = split(arguments)
    keys: dict[str, Build | None] = {}
    code = None
    for name, value in zip(parts[::2], parts[1::2], strict=True):
        if not re.fullmatch(r"'\w+'", name):
            continue  # a key that is data
        nested = BUILD.match(value)
        keys[name.strip("'")] = _build(value[nested.end() : closing(value, nested.end() - 1)], "") if nested else None
        if name == "'code'":
            constant = re.match(r"'(\w+)'", value)
            code = constant[1] if constant else None
    return Build(keys, code, inside)


def _inside(body: str, at: int) -> str:
    """The function whose argument stands at a place, or the word that its statement begins with."""
    depth = 0
    for start in range(at - 1, -1, -1):
        if body[start] == ")":
            depth += 1
        elif body[start] == "(":
            if depth == 0:
                name = re.search(r"(\w+)\s*$", body[:start])
                return name[1] if name else ""
            depth -= 1
        elif body[start] == ";" and depth == 0:
            break
    words = re.findall(r"\b(RETURN|INSERT INTO events_event|SELECT)\b", body[max(0, at - 400) : at])
    return words[-1] if words else ""


def every_key(function: Function) -> Iterator[str]:
    for tree in reads(function).values():
        yield from tree.keys
