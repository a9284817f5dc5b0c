"""Objects of a generateContent body under Google's camelCase names, whichever of its two spellings they arrive in."""

from __future__ import annotations

import difflib
import re
from typing import Any

from generations.request.fields import Context, Fields
from generations.request.fields import is_idle as is_idle
from generations.request.hints import listing

_UNDERSCORE = re.compile(r"(?<=[a-z0-9])_([a-z0-9])")
# Their names are the client's own.
_OPAQUE = frozenset({"labels", "partMetadata"})


def camel(name: str) -> str:
    return _UNDERSCORE.sub(lambda match: match[1].upper(), name)


def camel_tree(value: Any) -> Any:
    """The same tree with every name in camelCase. The Python SDK mixes both; of two the first counts."""
    if isinstance(value, list):
        return [camel_tree(item) for item in value]
    if not isinstance(value, dict):
        return value
    renamed: dict[str, Any] = {}
    for name, inner in value.items():
        name = camel(name)
        if renamed.get(name) is None:
            renamed[name] = inner if name in _OPAQUE else camel_tree(inner)
    return renamed


def said(values: dict[str, Any]) -> dict[str, Any]:
    """Those of the values, each a word, that say something. Protocol buffers write "" and "…_UNSPECIFIED" for none;
    0 and {} are no words, and are kept for the check that says so.
    """
    return {
        name: value
        for name, value in values.items()
        if not (value is None or (isinstance(value, str) and is_idle(value)))
    }


class CamelFields(Fields):
    """Fields of an object whose unknown names are refused, as Google refuses them."""

    def inner(self, name: str) -> CamelFields | None:
        inner = super().inner(name)
        return CamelFields(inner.context, inner.values, inner.pointer) if inner is not None else None

    def refuse(self, *names: str, because: str) -> None:
        """Notes each of `names` that is there and would change the answer."""
        for name in names:
            if not is_idle(self.take(name)):
                self.wrong(name, "not_supported", because)

    def close(self, *, replayed: bool = False) -> None:
        known = sorted(self._known)
        for name, value in self.values.items():
            if name in self._known or value is None:
                continue
            near = self.context.elsewhere.get(name) or next(iter(difflib.get_close_matches(name[:60], known, n=1)), "")
            hint = f"did you mean {near}?" if near else f"known are {listing(known, 'and')}."
            self.wrong(name, "unknown_field", f"There is no such field; {hint}")


def camel_fields_of(context: Context, value: Any, pointer: str, expected: str) -> CamelFields | None:
    """`value` as an object; None and an error when it is none."""
    if isinstance(value, dict):
        return CamelFields(context, value, pointer)
    context.wrong(pointer, "wrong_type", f"It takes {expected}.")
    return None
