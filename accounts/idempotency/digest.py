"""What makes two requests the same one: their address and the bytes of their body."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from django.http import HttpRequest

if TYPE_CHECKING:
    from hashlib import _Hash

CHUNK_BYTES = 256 * 1024


def address_digest(request: HttpRequest, owner: str) -> _Hash:
    """Returns a SHA-256 of the path and the query, to be updated with the body.

    Without the query's `key`: an API key may stand in the address as well as in a header.
    """
    query = [(name, value) for name, value in parse_qsl(request.META.get("QUERY_STRING", "")) if name != "key"]
    return hashlib.sha256(f"{owner}\n{request.path}?{urlencode(query)}\n".encode())


def request_digest(request: HttpRequest) -> bytes:
    """Returns the SHA-256 of a request whose body is here whole, and leaves the body to be read.

    A form's boundary does not count: libraries make a new one whenever they send the same form again.
    """
    digest = address_digest(request, "")
    digest.update(f"{request.content_type}\n".encode("utf-8", "replace"))
    chunks = _chunks(request)
    boundary = (request.content_params or {}).get("boundary", "").encode("utf-8", "replace")
    for chunk in _without(chunks, boundary) if boundary else chunks:
        digest.update(chunk)
    return digest.digest()


def _chunks(request: HttpRequest) -> Iterator[bytes]:
    # ThreadedHandler gives Django the body as a file, which may be larger than memory.
    stream: Any = getattr(request, "_stream", None)
    if hasattr(request, "_body") or stream is None or not getattr(stream, "seekable", bool)():
        yield request.body
        return
    position = stream.tell()
    stream.seek(0)
    while chunk := stream.read(CHUNK_BYTES):
        yield chunk
    stream.seek(position)


def _without(chunks: Iterator[bytes], text: bytes) -> Iterator[bytes]:
    """Yields the bytes without each occurrence of a text, also of one that two chunks share."""
    rest = b""
    for chunk in chunks:
        *parts, rest = (rest + chunk).split(text)
        yield from parts
        # The end may be the beginning of an occurrence.
        keep = max(len(rest) - len(text) + 1, 0)
        yield rest[:keep]
        rest = rest[keep:]
    yield rest
