"""All addresses of the platform, one sample path for each URL pattern."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

_GROUP = re.compile(r"\(\?P<\w+>[^)]*\)|<(?:\w+:)?\w+>")


SAMPLE_UUID = "00000000-0000-0000-0000-000000000001"


def patterns() -> Iterator[tuple[str, URLPattern]]:
    """The sample path and the pattern. `admin/…/<path>` is Django's way to say "the rest"."""
    yield from _below(get_resolver(), "/")


def _below(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        path = prefix + _sample(str(entry.pattern))
        if isinstance(entry, URLResolver):
            yield from _below(entry, path)
        else:
            yield path, entry


def _sample(route: str) -> str:
    filled = _GROUP.sub("1", re.sub(r"<uuid:\w+>", SAMPLE_UUID, route))
    return re.sub(r"^\^|\\Z$|\$$", "", filled).replace("\\.", ".")


def view_of(entry: URLPattern) -> tuple[Any, dict[str, Any]]:
    """The class behind a pattern, or None for a function; and what it was made with."""
    callback: Any = entry.callback
    view = getattr(callback, "cls", None) or getattr(callback, "view_class", None)
    return view, getattr(callback, "initkwargs", None) or getattr(callback, "view_initkwargs", None) or {}
