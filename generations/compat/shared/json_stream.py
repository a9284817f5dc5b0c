"""JSON with stored pictures in it, piece by piece: a 4K picture's base64 is never in memory whole."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pybase64

from cavendish.storage import ObjectMissing, objects


@dataclass(frozen=True)
class Stored:
    """Stands in a tree for the base64 of an object."""

    key: str


def json_pieces(tree: Any) -> Iterator[bytes]:
    """`tree` as JSON, each Stored replaced by its bytes in base64. An erased object becomes an empty string."""
    found: list[Stored] = []
    mark = secrets.token_hex(8)

    def place(value: Any) -> str:
        if not isinstance(value, Stored):
            raise TypeError(f"{type(value).__name__} is no JSON")
        found.append(value)
        return mark

    parts = json.dumps(tree, default=place, ensure_ascii=False, separators=(",", ":")).split(mark)
    for part, stored in zip(parts, [*found, None], strict=True):
        yield part.encode()
        if stored is not None:
            yield from base64_pieces(stored)


def base64_pieces(stored: Stored) -> Iterator[bytes]:
    rest = b""
    try:
        for chunk in objects().read(stored.key):
            rest += chunk
            whole = len(rest) - len(rest) % 3
            yield pybase64.b64encode(rest[:whole])
            rest = rest[whole:]
    except ObjectMissing:
        return
    yield pybase64.b64encode(rest)
