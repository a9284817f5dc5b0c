"""The download of an export's parts as one file, from any byte on, so that a download of hours can be resumed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from cavendish.above.tenant_data.models import ExportPart
from cavendish.storage import objects

_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")


def archive_response(parts: Sequence[ExportPart], *, name: str, range_header: str) -> HttpResponseBase:
    """Returns 200 with the archive, 206 for one range (RFC 9110, section 14), or 416 for a range after the end.

    Anything else in the header gets the whole archive.
    """
    size = sum(part.bytes for part in parts)
    first, last, status = 0, size - 1, 200
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    if requested := _RANGE.fullmatch(range_header.strip()):
        first, last = int(requested[1]), min(int(requested[2] or last), last)
        if first >= size or last < first:
            return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{size}"})
        status = 206
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    headers["Content-Length"] = str(last - first + 1)
    return StreamingHttpResponse(
        _bytes(parts, first, last + 1), status=status, headers=headers, content_type="application/x-tar"
    )


def _bytes(parts: Sequence[ExportPart], first: int, end: int) -> Iterator[bytes]:
    """Yields the bytes from `first` to `end`, which is exclusive."""
    offset = 0
    for part in parts:
        start, stop = max(first - offset, 0), min(end - offset, part.bytes)
        if start < stop:
            yield from objects().read(part.storage_key, start=start, length=stop - start)
        offset += part.bytes
