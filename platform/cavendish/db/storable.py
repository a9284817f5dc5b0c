"""Which text PostgreSQL can keep: all but U+0000 and halves of surrogate pairs, both of which JSON can hold.

`unstorable` is for what others send: it names the place, for a refusal. `storable` is for what we write ourselves and
quote others in. `as_stored` is JSON as it comes back from a column.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_SUSPICIOUS = re.compile(r"\\u(?:0000|d[89a-f])")
REPLACEMENT = "�"


def is_storable(text: str) -> bool:
    return _UNSTORABLE.search(text) is None


def storable(value: Any) -> Any:
    """Returns a text, or a JSON value with all its texts and names, with what cannot be stored replaced by U+FFFD."""
    if isinstance(value, str):
        return _UNSTORABLE.sub(REPLACEMENT, value)
    if isinstance(value, dict):
        return {storable(name): storable(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [storable(inner) for inner in value]
    return value


def storable_json(value: Any) -> str:
    """Returns `storable(value)` as JSON. Mostly all of it can be stored, which its text tells faster than a walk: what
    can't be is escaped there, and so is what lies outside the Basic Multilingual Plane.
    """
    text = json.dumps(value)
    return json.dumps(storable(value)) if _SUSPICIOUS.search(text) else text


def unstorable(value: Any) -> Iterator[tuple[str, str]]:
    """Yields where a JSON value holds what cannot be stored: the pointer, and the kind of text, "text" or "name".

    Pointers are put together for what is wrong alone: made for each value, they would copy a long name for each.
    """
    if isinstance(value, str):
        if not is_storable(value):
            yield "", "text"
    elif isinstance(value, dict):
        for name, inner in value.items():
            if not is_storable(name):
                yield "", "name"
            else:
                for pointer, kind in unstorable(inner):
                    yield f"/{name.replace('~', '~0').replace('/', '~1')}{pointer}", kind
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            for pointer, kind in unstorable(inner):
                yield f"/{index}{pointer}", kind


def as_stored(value: Any) -> Any:
    """Returns JSON with its names in the order in which jsonb keeps them, by length and then by bytes."""
    if isinstance(value, dict):
        order = sorted(value, key=lambda name: (len(name.encode()), name.encode()))
        return {name: as_stored(value[name]) for name in order}
    return [as_stored(inner) for inner in value] if isinstance(value, list | tuple) else value
