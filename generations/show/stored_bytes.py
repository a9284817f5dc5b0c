"""Stored bytes as an HTTP response."""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from cavendish.http.problems import not_found
from cavendish.storage import ObjectMissing, objects

FOR_EVERY_ORIGIN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Accept-Ranges, Content-Length, Content-Range, ETag, Link",
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
    key: str, *, mime_type: str, size: int, sha256: str, name: str, page: str | None = None, signed: bool = False
) -> HttpResponseBase:
    """Returns stored bytes, untouched; those of a signed address also to scripts of every origin.

    Local ones are sent by the layer in front, which knows ranges; others stream here.
    """
    headers = {
        "Content-Type": mime_type,
        "ETag": f'"{sha256}"',
        "Cache-Control": "private, max-age=3600, immutable",
        "Content-Disposition": f'inline; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        # Whoever embeds the bytes can find what must be shown beside them (grounding terms).
        **({"Link": page_link(page)} if page else {}),
        **(FOR_EVERY_ORIGIN if signed else {}),
    }
    local = objects().local_path(key)
    if local is not None:
        return HttpResponse(headers={**headers, "X-Cavendish-File": json.dumps({"path": str(local)})})
    try:
        chunks = _started(objects().read(key))
    except ObjectMissing:
        raise not_found() from None
    return StreamingHttpResponse(chunks, headers={**headers, "Content-Length": str(size)})


def _started(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks, of which the first has been read: an object that is not there must be a 404, not a broken stream."""
    first = next(chunks, b"")

    def all_chunks() -> Iterator[bytes]:
        yield first
        yield from chunks

    return all_chunks()
