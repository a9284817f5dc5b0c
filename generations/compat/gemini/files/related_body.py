"""A `multipart/related` body (RFC 2387): the description of a file as JSON, then its bytes."""

from __future__ import annotations

from typing import Any

from django.http.multipartparser import ChunkIter, InterBoundaryIter, LazyStream
from django.utils.http import parse_header_parameters

from cavendish.http.problems import Problem, bad_request, too_large
from generations.request import Readable

CHUNK_BYTES = 256 * 1024
MAX_DESCRIPTION_BYTES = 64 * 1024
_MAX_HEAD_BYTES = 8 * 1024
_BLANK = b"\r\n\r\n"


class RelatedBody:
    """`description` and `mime_type` are there at once; the bytes are read from this, and then `close`d.

    Raises Problem 400 for what is no such body, 413 for a description that is too long.
    """

    def __init__(self, stream: Any, content_type: str) -> None:
        kind, parameters = parse_header_parameters(content_type)
        boundary = str(parameters.get("boundary", ""))
        if kind != "multipart/related" or not boundary or not boundary.isascii() or len(boundary) > 200:
            raise _malformed("its Content-Type is multipart/related with a boundary")
        self._parts = iter(InterBoundaryIter(LazyStream(ChunkIter(stream, CHUNK_BYTES)), b"--" + boundary.encode()))
        # What stands before the first boundary is nobody's.
        for _ in self._next_part():
            pass
        part = self._next_part()
        _headers(part)
        self.description: bytes = part.read(MAX_DESCRIPTION_BYTES + 1)
        if len(self.description) > MAX_DESCRIPTION_BYTES:
            raise too_large("The description of a file is too long.", limit=MAX_DESCRIPTION_BYTES)
        self._content: Readable = self._next_part()
        headers = _headers(self._content)
        self.mime_type = headers.get("content-type", "")
        if headers.get("content-transfer-encoding", "binary").lower() not in {"binary", "8bit", "7bit"}:
            raise bad_request("malformed_request", "The bytes come as they are, without a Content-Transfer-Encoding.")

    def read(self, size: int, /) -> bytes:
        return self._content.read(size)

    def close(self) -> None:
        """Raises Problem 400 where the body ended before its last boundary."""
        end: Any = next(self._parts, None)
        if end is None or end.read(2) != b"--":
            raise _malformed("and nothing behind the bytes")

    def _next_part(self) -> Any:
        part = next(self._parts, None)
        if part is None:
            raise _malformed("each behind its boundary")
        return part


def _headers(part: Any) -> dict[str, str]:
    """The headers of a part, whose content is left to be read."""
    head: bytes = part.read(_MAX_HEAD_BYTES)
    end = head.find(_BLANK)
    if end < 0:
        raise _malformed("each behind its headers and an empty line")
    part.unget(head[end + len(_BLANK) :])
    lines = [line.partition(":") for line in head[:end].decode("latin-1").split("\r\n")]
    return {name.strip().lower(): value.strip() for name, _, value in lines}


def _malformed(how: str) -> Problem:
    return bad_request("malformed_request", f"A multipart upload has two parts, the file as JSON and its bytes, {how}.")
