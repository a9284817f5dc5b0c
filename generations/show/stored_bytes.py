"""Stored bytes as an HTTP response."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from cavendish.http.problems import not_found
from cavendish.storage import ObjectMissing, objects

CACHE_SECONDS = 3600
"""How long caches may keep bytes; so long they can outlive an erasure there."""
FOR_EVERY_ORIGIN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "Accept-Ranges, Content-Length, Content-Range, ETag, Link, X-Cavendish-Content-Credentials, X-Cavendish-Derived"
    ),
    "Cross-Origin-Resource-Policy": "cross-origin",
}
"""What lets scripts and isolated pages (COEP) of any site use bytes whose address is the permission."""
PREFLIGHT = {
    **FOR_EVERY_ORIGIN,
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "Range, If-None-Match, If-Range",
    "Access-Control-Max-Age": "7200",
}


def page_link(page: str) -> str:
    """Returns the `Link` header that leads from a picture to the page that shows it with all that belongs to it."""
    return f'<{page}>; rel="describedby"; type="text/html"'


def bytes_response(
    key: str,
    *,
    mime_type: str,
    size: int,
    sha256: str,
    name: str,
    page: str | None = None,
    signed_until: int | None = None,
    more: Mapping[str, str] | None = None,
) -> HttpResponseBase:
    """Returns stored bytes, untouched; those of a signed address also to scripts of every origin.

    `signed_until` is when such an address expires (seconds since 1970): until then a shared cache may keep them too,
    since the address is the permission. `more` are headers beside.

    Local ones are sent by the layer in front, which knows ranges; others stream here.
    """
    headers = {
        "Content-Type": mime_type,
        "ETag": f'"{sha256}"',
        "Cache-Control": f"{_scope(signed_until)}, immutable",
        "Content-Disposition": f'inline; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        # Whoever embeds the bytes can find what must be shown beside them (grounding terms).
        **({"Link": page_link(page)} if page else {}),
        **(FOR_EVERY_ORIGIN if signed_until is not None else {}),
        **(more or {}),
    }
    local = objects().local_path(key)
    if local is not None:
        return HttpResponse(headers={**headers, "X-Cavendish-File": json.dumps({"path": str(local)})})
    try:
        chunks = _started(objects().read(key))
    except ObjectMissing:
        raise not_found() from None
    return StreamingHttpResponse(chunks, headers={**headers, "Content-Length": str(size)})


def _scope(signed_until: int | None) -> str:
    """Returns who may cache for how long. An address never gives other bytes, but they can be erased."""
    if signed_until is None:
        return f"private, max-age={CACHE_SECONDS}"
    return f"public, max-age={min(CACHE_SECONDS, max(0, signed_until - int(time.time())))}"


def _started(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks, of which the first has been read: an object that is not there must be a 404, not a broken stream."""
    first = next(chunks, b"")

    def all_chunks() -> Iterator[bytes]:
        yield first
        yield from chunks

    return all_chunks()
