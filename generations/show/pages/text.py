"""Texts of a model as a page shows them: cut at the citations' UTF-8 byte offsets, with the sources numbered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

_MARK = "**"


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
    """The cited pages of an answer in the order in which they are named; a page named twice keeps its number."""

    _sources: dict[tuple[str, str], Source] = field(default_factory=dict)

    def of(self, citation: Mapping[str, Any]) -> Source:
        url, title = str(citation.get("url") or ""), " ".join(str(citation.get("title") or "").split())
        host = _host(url)
        key = (url, "" if url else title)
        if key not in self._sources:
            self._sources[key] = Source(
                number=len(self._sources) + 1,
                url=url if host else "",
                title=title or host or _("Untitled source"),
                host=host if host != title else "",
            )
        return self._sources[key]

    @property
    def all(self) -> list[Source]:
        return list(self._sources.values())


def cited_runs(text: str, citations: Sequence[Mapping[str, Any]], sources: Sources) -> list[Run]:
    """`text` with each source behind the bytes that it is cited for."""
    raw = text.encode()
    ends: dict[int, dict[Source, None]] = {}
    for citation in sorted(citations, key=lambda citation: int(citation["end_index"])):
        ends.setdefault(_boundary(raw, int(citation["end_index"])), {})[sources.of(citation)] = None
    runs: list[Run] = []
    start = 0
    for end, behind in ends.items():
        runs += _runs(raw[start:end].decode(), tuple(behind))
        start = end
    return runs + list(_runs(raw[start:].decode(), ()))


def plain_runs(text: str) -> list[Run]:
    return list(_runs(text, ()))


def _runs(text: str, behind: tuple[Source, ...]) -> Iterator[Run]:
    """The runs of a text: bold, which models like to write as `**…**`, and everything else as it stands."""
    at = 0
    for start, end in _strong(text):
        if start > at:
            yield Run(text[at:start])
        yield Run(text[start + len(_MARK) : end], strong=True)
        at = end + len(_MARK)
    if at < len(text) or behind:
        yield Run(text[at:], sources=behind)


def _strong(text: str) -> Iterator[tuple[int, int]]:
    """Where pairs of marks stand on one line, with something between them that has no blank at either end.

    One pass: where nothing closes the first mark of a line, nothing closes the others of it either.
    """
    at, line_end = 0, -1
    while (start := text.find(_MARK, at)) >= 0:
        first = start + len(_MARK)
        if not text[first : first + 1].strip():
            at = start + 1
            continue
        if line_end < first:
            line_end = text.find("\n", first)
            line_end = line_end if line_end >= 0 else len(text)
        end = text.find(_MARK, first + 1, line_end)
        while end >= 0 and text[end - 1].isspace():
            end = text.find(_MARK, end + 1, line_end)
        if end < 0:
            at = line_end
        else:
            yield start, end
            at = end + len(_MARK)


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
