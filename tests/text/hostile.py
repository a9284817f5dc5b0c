"""Texts that make a regular expression slow, made out of the expression itself."""

from __future__ import annotations

import re
import re._constants as constants  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Iterator
from typing import Any

MAX_PUMPS = 30
_OTHER = "\u00e9"
"""A character that hardly any expression has in mind; \\xe9 in bytes."""


def texts(pattern: re.Pattern[str] | re.Pattern[bytes], length: int) -> Iterator[str]:
    """Texts of about that length: what leads to a repetition, what it repeats, again and again, and no match behind."""
    is_bytes = isinstance(pattern.pattern, bytes)
    source = pattern.pattern.decode("latin-1") if isinstance(pattern.pattern, bytes) else pattern.pattern
    tree = parser.parse(source, pattern.flags & ~re.UNICODE if is_bytes else pattern.flags)
    atoms = list(dict.fromkeys([*_atoms(tree), " "]))[:8]
    bodies = list(_repeats(tree, ""))
    whole = _example(tree)
    starts = list(dict.fromkeys(["", *(before for before, _ in bodies), *atoms[:2]]))[:6]
    pumps = dict.fromkeys([*(body for _, body in bodies), *(before + body for before, body in bodies), whole, *atoms])
    pumps |= dict.fromkeys(before + body + atom for before, body in bodies for atom in (" ", *atoms[:2]))
    pumps |= dict.fromkeys(a + b for a in atoms[:5] for b in atoms[:5])
    for pump in list(filter(None, pumps))[:MAX_PUMPS]:
        for start in starts:
            for end in ("", _OTHER, whole):
                yield start + pump * (length // len(pump)) + end


def _repeats(tree: Any, before: str) -> Iterator[tuple[str, str]]:
    """What stands before each repetition, as short as it matches, and what it repeats."""
    for kind, value in tree:
        if kind in {constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT}:
            low, high, inner = value
            if high > 1:
                yield before, _example(inner)
            yield from _repeats(inner, before)
            before += _example(inner) * low
        elif kind is constants.SUBPATTERN:
            yield from _repeats(value[3], before)
            before += _example(value[3])
        elif kind is constants.ATOMIC_GROUP:
            yield from _repeats(value, before)
            before += _example(value)
        elif kind is constants.BRANCH:
            for branch in value[1]:
                yield from _repeats(branch, before)
            before += _example(value[1][0])
        else:
            before += _example([(kind, value)])


def _atoms(tree: Any) -> Iterator[str]:
    """A character of each literal and class."""
    for kind, value in tree:
        if kind in {constants.LITERAL, constants.IN, constants.ANY, constants.NOT_LITERAL}:
            yield _example([(kind, value)])
        elif kind in {constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT}:
            yield from _atoms(value[2])
        elif kind is constants.SUBPATTERN:
            yield from _atoms(value[3])
        elif kind is constants.ATOMIC_GROUP:
            yield from _atoms(value)
        elif kind is constants.BRANCH:
            for branch in value[1]:
                yield from _atoms(branch)
        elif kind in {constants.ASSERT, constants.ASSERT_NOT}:
            yield from _atoms(value[1])


def _example(tree: Any) -> str:
    """A short text that the tree matches, more or less."""
    made = ""
    for kind, value in tree:
        if kind is constants.LITERAL:
            made += chr(value)
        elif kind is constants.NOT_LITERAL:
            made += "a" if value != ord("a") else "b"
        elif kind is constants.ANY:
            made += "a"
        elif kind is constants.IN:
            made += _one_of(value)
        elif kind in {constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT}:
            made += _example(value[2]) * min(value[0], 20)
        elif kind is constants.SUBPATTERN:
            made += _example(value[3])
        elif kind is constants.ATOMIC_GROUP:
            made += _example(value)
        elif kind is constants.BRANCH:
            made += _example(value[1][0])
    return made


def _one_of(choices: Any) -> str:
    negated = choices[0][0] is constants.NEGATE
    named = set()
    for kind, value in choices:
        if kind is constants.LITERAL:
            named.add(chr(value))
        elif kind is constants.RANGE:
            named |= {chr(value[0]), chr(value[1])}
        elif kind is constants.CATEGORY:
            named |= {
                constants.CATEGORY_DIGIT: {"0"},
                constants.CATEGORY_SPACE: {" "},
                constants.CATEGORY_WORD: {"a"},
                constants.CATEGORY_NOT_SPACE: {"a"},
                constants.CATEGORY_NOT_DIGIT: {"a"},
                constants.CATEGORY_NOT_WORD: {" "},
            }[value]
    if not negated:
        return min(named)
    return next(char for char in "a0 x" if char not in named)
