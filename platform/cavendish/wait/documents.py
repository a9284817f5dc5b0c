"""Documents and files for anybody, kept whole: asked of Django once per process, then answered from memory.

What is kept is Django's own answer, with its headers, so a page's policy is its own. The body is hashed and compressed
once; an answer then costs microseconds, no thread and no place of Django's.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import re
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import parse_qsl

import brotli

from cavendish.http.path_classes import DOCUMENTS, STATIC, path_class
from cavendish.wait.asgi import (
    App,
    Headers,
    Message,
    Scope,
    Send,
    header,
    local_path,
    public,
    send_body,
    send_start,
    without,
)
from cavendish.wait.download import matches
from cavendish.wait.renderer import internal_scope

MOST_BYTES = 4 * 1024 * 1024
"""The largest body that is kept; a larger file goes through Django each time."""
KEPT_BYTES = 32 * 1024 * 1024
"""All of it, compressed forms included."""
CACHE_CONTROL = b"public, max-age=300"

_COMPRESSED = re.compile(rb"text/|application/(json|javascript|vnd\.oai\.openapi)|image/svg", re.IGNORECASE)
_OWN = frozenset({b"content-length", b"content-encoding", b"etag", b"last-modified", b"vary", b"cache-control"})
_OF_THE_BODY = frozenset({b"content-type", b"content-encoding", b"content-length"})
_TOKEN = re.compile(r"\s*([\w*-]+)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?")
# What decides over a document beside its path: a page's script is asked for by a query without a value.
_QUERIES = frozenset({"script"})


class _Key(NamedTuple):
    path: str
    query: str
    root: str
    secure: bool


@dataclass(frozen=True)
class Variant:
    """One form of a body, with the headers that tell it from the others."""

    body: bytes
    etag: bytes
    headers: Headers


@dataclass(frozen=True)
class Document:
    """`variants` by the coding that a client has to accept; "identity" is always there."""

    variants: dict[str, Variant]

    @property
    def size(self) -> int:
        return sum(len(variant.body) for variant in self.variants.values())

    def variant_for(self, accepted: str) -> Variant:
        """The smallest that an Accept-Encoding takes (RFC 9110, section 12.5.3)."""
        named = filter(None, map(_TOKEN.fullmatch, accepted.split(",")))
        weights = {match[1].lower(): float(match[2] or 1) for match in named}
        for coding in ("br", "gzip"):
            if coding in self.variants and weights.get(coding, weights.get("*", 0)) > 0:
                return self.variants[coding]
        return self.variants["identity"]


class Documents:
    """Asks `inner`, Django's handler, for what is not kept yet; whoever asks meanwhile waits for the same answer."""

    def __init__(self, inner: App) -> None:
        self._inner = inner
        self._kept: dict[_Key, Document] = {}
        self._making: dict[_Key, asyncio.Task[Document | None]] = {}
        self._bytes = 0

    async def answer_kept(self, scope: Scope, send: Send) -> bool:
        """Whether the request was for a document that is kept, and is answered."""
        key = _key_of(scope)
        document = self._kept.get(key) if key is not None else None
        if document is None:
            return False
        await _send(document, scope, send)
        return True

    async def answer(self, scope: Scope, send: Send) -> bool:
        """Whether the request was for a document, and is answered. The caller has seen that there is such a path."""
        key = _key_of(scope)
        document = None if key is None else self._kept.get(key) or await self._made(key, scope)
        if document is None:
            return False
        await _send(document, scope, send)
        return True

    async def _made(self, key: _Key, scope: Scope) -> Document | None:
        task = self._making.get(key)
        if task is None:
            task = self._making[key] = asyncio.create_task(self._make(key, scope))
            task.add_done_callback(lambda _: self._making.pop(key, None))
        # Whoever hangs up does not end it for the others.
        return await asyncio.shield(task)

    async def _make(self, key: _Key, scope: Scope) -> Document | None:
        answer = _Answer()
        query = f"?{key.query}" if key.query else ""
        await self._inner(internal_scope(scope, f"{key.root}{key.path}{query}"), _nothing, answer.send)
        if not answer.for_anybody:
            return None
        document = await asyncio.to_thread(_document, bytes(answer.body), answer.headers)
        if len(answer.body) <= MOST_BYTES and self._bytes + document.size <= KEPT_BYTES:
            self._kept[key] = document
            self._bytes += document.size
        return document


class _Answer:
    """Django's, whole."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: Headers = []
        self.body = bytearray()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = public(message.get("headers", ()))
        else:
            self.body += message.get("body", b"")

    @property
    def for_anybody(self) -> bool:
        """Whether it is whole and the same for everybody: no redirect, no error, nothing that hangs on a cookie."""
        varied = (header(self.headers, b"vary") or b"").lower()
        return self.status == 200 and b"cookie" not in varied and header(self.headers, b"set-cookie") is None


def _key_of(scope: Scope) -> _Key | None:
    if scope["method"] not in {"GET", "HEAD"}:
        return None
    path = local_path(scope)
    known = path_class(path)
    if known is not DOCUMENTS and known is not STATIC:
        return None
    query = _query(scope) if known is DOCUMENTS else ""
    return _Key(path, query, scope.get("root_path") or "", _is_secure(scope))


async def _send(document: Document, scope: Scope, send: Send) -> None:
    variant = document.variant_for((header(scope["headers"], b"accept-encoding") or b"").decode("latin-1"))
    condition = header(scope["headers"], b"if-none-match")
    if condition is not None and matches(condition, variant.etag):
        await send_start(send, 304, without(variant.headers, _OF_THE_BODY))
        await send_body(send)
        return
    await send_start(send, 200, variant.headers)
    await send_body(send, b"" if scope["method"] == "HEAD" else variant.body)


def _document(body: bytes, headers: Headers) -> Document:
    kind = header(headers, b"content-type") or b""
    cached = header(headers, b"cache-control") or b""
    common = [(name.lower(), value) for name, value in without(headers, _OWN)]
    common.append((b"cache-control", cached if b"public" in cached else CACHE_CONTROL))
    common.append((b"vary", b"Accept-Encoding"))
    digest = hashlib.sha256(body + kind).hexdigest()[:32]
    forms = {"identity": body}
    if _COMPRESSED.match(kind) and len(body) > 500:
        forms["gzip"] = gzip.compress(body, 9, mtime=0)
        # Quality 11 takes seconds for a megabyte, and saves little.
        forms["br"] = brotli.compress(body, quality=9)
    return Document({coding: _variant(coding, form, digest, common) for coding, form in forms.items()})


def _variant(coding: str, body: bytes, digest: str, common: Headers) -> Variant:
    """A strong tag names bytes, so each form has its own."""
    etag = f'"{digest}"' if coding == "identity" else f'"{digest}-{coding}"'
    headers = [*common, (b"etag", etag.encode()), (b"content-length", b"%d" % len(body))]
    if coding != "identity":
        headers.append((b"content-encoding", coding.encode()))
    return Variant(body, etag.encode(), headers)


def _query(scope: Scope) -> str:
    """What of the query decides; all else is passed over, so that no question costs a new answer."""
    text = scope["query_string"][:200].decode("latin-1")
    names = {name for name, _ in parse_qsl(text, keep_blank_values=True)} & _QUERIES
    return "&".join(f"{name}=" for name in sorted(names))


def _is_secure(scope: Scope) -> bool:
    """Whether Django may see the request as one over https: it redirects others."""
    return scope.get("scheme") == "https" or header(scope["headers"], b"x-forwarded-proto") == b"https"


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}
