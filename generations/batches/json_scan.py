"""Where the values of a JSON text stand, found without parsing or copying them.

Items of a batch may hold pictures, and a file of them gigabytes. What is looked at here is a memory map; a string is
passed over by one regular expression, and nothing is kept but positions. Whether an item is JSON shows when it is read.
"""

from __future__ import annotations

import json
import mmap
import re
from collections.abc import Iterator
from typing import Any

Text = bytes | mmap.mmap
MAX_DEPTH = 64
"""Levels of lists and objects in a value, as in a body."""

_BLANK = re.compile(rb"[ \t\r\n]*+")
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
# A string that does not end reaches to the end of the text. Were it no match, it would be looked for again behind each
# of its escaped quotes, at the cost of its length squared.
_MARK = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_SCALAR = re.compile(rb"[^,\]}\s]++")


class NotJson(Exception):
    """The text is not even shaped like JSON where a value was looked for."""


def members(text: Text, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """Yields (name, start, end) of each value of the object that begins at `start`. Raises NotJson."""
    at = _open(text, start, end, b"{")
    while not _closes(text, at, end, b"}"):
        match = _STRING.match(text, at, end)
        if match is None:
            raise NotJson
        colon = _blank(text, match.end(), end)
        if text[colon : colon + 1] != b":":
            raise NotJson
        begin = _blank(text, colon + 1, end)
        over = value_end(text, begin, end)
        yield _name(match[0]), begin, over
        at = _comma(text, over, end, b"}")


def elements(text: Text, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yields (start, end) of each value of the list that begins at `start`. Raises NotJson."""
    at = _open(text, start, end, b"[")
    while not _closes(text, at, end, b"]"):
        over = value_end(text, at, end)
        yield at, over
        at = _comma(text, over, end, b"]")


def value_end(text: Text, start: int, end: int) -> int:
    """Returns the end of the value that begins at `start`. Raises NotJson."""
    first = text[start : start + 1]
    if first in (b"{", b"["):
        depth = 0
        for mark in _MARK.finditer(text, start, end):
            kind = text[mark.start()]
            if kind in b"{[":
                depth += 1
            elif kind in b"}]":
                depth -= 1
                if depth == 0:
                    return mark.end()
        raise NotJson
    match = (_STRING if first == b'"' else _SCALAR).match(text, start, end)
    if match is None:
        raise NotJson
    return match.end()


def value_parse(text: Text, start: int, end: int) -> Any:
    """A small value, parsed as the reader of whole bodies would. Raises NotJson."""
    try:
        value = json.loads(text[start:end])
        # PostgreSQL keeps no half of a surrogate pair, and neither NaN nor what Python makes of 1e400
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise NotJson from None
    if not _is_flat(value, MAX_DEPTH):
        raise NotJson
    return value


def _is_flat(value: Any, levels: int) -> bool:
    """Whether a value is nested so deep at most. Whatever walks it later may do so by recursion."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return not inner or (levels > 0 and all(_is_flat(each, levels - 1) for each in inner))


def blank_end(text: Text, start: int, end: int) -> int:
    """Returns the first position from `start` on that is not blank."""
    return _blank(text, start, end)


def _blank(text: Text, at: int, end: int) -> int:
    match = _BLANK.match(text, at, end)
    assert match is not None
    return match.end()


def _open(text: Text, start: int, end: int, bracket: bytes) -> int:
    if text[start : start + 1] != bracket:
        raise NotJson
    return _blank(text, start + 1, end)


def _closes(text: Text, at: int, end: int, bracket: bytes) -> bool:
    if at >= end:
        raise NotJson
    return text[at : at + 1] == bracket


def _comma(text: Text, at: int, end: int, bracket: bytes) -> int:
    """Returns where the next value begins, or the closing bracket."""
    at = _blank(text, at, end)
    if text[at : at + 1] == b",":
        at = _blank(text, at + 1, end)
        if text[at : at + 1] == bracket:
            raise NotJson
        return at
    if text[at : at + 1] != bracket:
        raise NotJson
    return at


def _name(quoted: bytes) -> str:
    try:
        return str(json.loads(quoted))
    except ValueError:
        raise NotJson from None
