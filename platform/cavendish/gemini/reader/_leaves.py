"""Leaves of a parsed document and the pointers (RFC 6901) to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeGuard, TypeVar

from cavendish.gemini.reader._sink import Spilled

T = TypeVar("T")

_LONGEST_NAME = 200


def has_surrogate(value: object) -> TypeGuard[str]:
    if not isinstance(value, str):
        return False
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def spilled_in(tree: Any) -> Iterator[tuple[str, Spilled]]:
    """Yields the Spilled leaves of a tree in document order, each with the pointer (RFC 6901) to it."""
    return leaves_of(tree, is_spilled)


def is_spilled(value: object) -> TypeGuard[Spilled]:
    return isinstance(value, Spilled)


def leaves_of(tree: Any, matches: Callable[[object], TypeGuard[T]]) -> Iterator[tuple[str, T]]:
    """Yields the matching leaves and keys, each with its pointer, which is built for those alone: names may be long."""
    if matches(tree):
        yield "", tree
    elif isinstance(tree, list):
        for index, item in enumerate(tree):
            for pointer, leaf in leaves_of(item, matches):
                yield step(index) + pointer, leaf
    elif isinstance(tree, dict):
        for key, item in tree.items():
            if matches(key):
                yield "", key
            for pointer, leaf in leaves_of(item, matches):
                yield step(key) + pointer, leaf


def step(name: str | int) -> str:
    """Returns a name as a step of a pointer, cut where it is longer than any real name.

    Each spilled string keeps its pointer, and a single name may be as long as a document.
    """
    return "/" + str(name)[:_LONGEST_NAME].replace("~", "~0").replace("/", "~1")
