"""Texts of a model as a page shows them: cut at the citations' UTF-8 byte offsets, with the sources numbered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

_STRONG = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")


@dataclass(frozen=True)
class Source:
    """A cited page. `url` is empty where the citation's is not one that a browser may be sent to."""

    number: int
    url: str
    title: str
    host: str


@dataclass(frozen=True)
class Run:
    """A piece of a text and the sources that are named behind it."""

    text: str
    strong: bool = False
    sources: tuple[Source, ...] = ()


@dataclass
class Sources:
    """The cited pages of a whole answer in the order in which they are named; a page named twice keeps its number."""

    _found: dict[tuple[str, str], Source] = field(default_factory=dict)

    def of(self, citation: Mapping[str, Any]) -> Source:
        url, title = str(citation.get("url") or ""), " ".join(str(citation.get("title") or "").split())
        host = _host(url)
        key = (url, "" if url else title)
        if key not in self._found:
            self._found[key] = Source(
                number=len(self._found) + 1,
                url=url if host else "",
                title=title or host or "Untitled source",
                host=host if host != title else "",
            )
        return self._found[key]

    @property
    def all(self) -> list[Source]:
        return list(self._found.values())


def cited_runs(text: str, citations: Sequence[Mapping[str, Any]], sources: Sources) -> list[Run]:
    """`text` with each source behind the bytes that it is cited for."""
    raw = text.encode()
    ends: dict[int, list[Source]] = {}
    for citation in sorted(citations, key=lambda citation: int(citation["end_index"])):
        behind = ends.setdefault(_boundary(raw, int(citation["end_index"])), [])
        source = sources.of(citation)
        if source not in behind:
            behind.append(source)
    runs: list[Run] = []
    start = 0
    for end, behind in ends.items():
        runs += _runs(raw[start:end].decode(), tuple(behind))
        start = end
    return runs + list(_runs(raw[start:].decode(), ()))


def plain_runs(text: str) -> list[Run]:
    return list(_runs(text, ()))


def _runs(text: str, behind: tuple[Source, ...]) -> Iterator[Run]:
    """Bold, which models like to write as `**…**`; everything else as it stands."""
    start = 0
    for found in _STRONG.finditer(text):
        if found.start() > start:
            yield Run(text[start : found.start()])
        yield Run(found[1], strong=True)
        start = found.end()
    if start < len(text) or behind:
        yield Run(text[start:], sources=behind)


def _boundary(raw: bytes, offset: int) -> int:
    """The offset, or the next one that does not lie inside a character."""
    offset = max(0, min(offset, len(raw)))
    while offset < len(raw) and raw[offset] & 0xC0 == 0x80:
        offset += 1
    return offset


def _host(url: str) -> str:
    """The host of an http(s) URL; empty for anything else, such as `javascript:`."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.") if parts.scheme in {"http", "https"} else ""
