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

    Local ones are sent by the layer in front, which knows ranges. Those of a bucket stream here, or their signed
    address leads there (STORAGE_DIRECT_URL).
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
    if signed_until is not None and (left := signed_until - int(time.time())) > 0:
        there = objects().address(key, seconds=left, mime_type=mime_type, disposition=headers["Content-Disposition"])
        if there is not None:
            return _redirect(there, headers)
    return RemoteBytes(key, size, headers)


class RemoteBytes(StreamingHttpResponse):
    """Bytes of a bucket: all of them, unless RangeMiddleware answers with a part.

    Raises Problem: 404 where there is no such object.
    """

    def __init__(self, key: str, size: int, headers: Mapping[str, str]) -> None:
        self.key, self.size = key, size
        try:
            chunks = _started(objects().read(key))
        except ObjectMissing:
            raise not_found() from None
        whole = {**headers, "Content-Length": str(size), "Accept-Ranges": "bytes"}
        super().__init__(chunks, headers=whole)

    def part(self, start: int, end: int) -> StreamingHttpResponse:
        """The bytes from `start` to `end`, which is exclusive."""
        self.close()
        headers = {
            **self.headers,
            "Content-Length": str(end - start),
            "Content-Range": f"bytes {start}-{end - 1}/{self.size}",
        }
        return StreamingHttpResponse(
            objects().read(self.key, start=start, length=end - start), status=206, headers=headers
        )


def _redirect(there: str, headers: Mapping[str, str]) -> HttpResponse:
    """Where the bytes are, with what must be known of them: the bucket's own answer cannot say it."""
    kept = {name: value for name, value in headers.items() if name not in {"Content-Type", "Content-Disposition"}}
    return HttpResponse(status=307, headers={**kept, "Cache-Control": "private, no-store", "Location": there})


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
