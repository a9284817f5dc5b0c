"""The parser of multipart forms. It is apart from `parsers`, whose module settings name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.http import parse_header_parameters
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser, MultiPartParser

from cavendish.http.problems import bad_request, shown
from cavendish.http.texts import text_of

CHUNK_BYTES = 256 * 1024
MAX_HEAD_BYTES = 16 * 1024
"""A part's headers beyond this are left as they are; Django refuses them."""
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class FormParser(MultiPartParser):
    """Takes names of files in Latin-1 too: Django passes over a part whose headers are not UTF-8.

    Text that is not UTF-8 is refused, where Django puts another character in the place of each that it cannot read.
    """

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        kind, *parameters = (media_type or "").split(";", 1)
        # Django knows the type in lower case alone.
        media_type = ";".join([kind.lower(), *parameters])
        boundary = str(parse_header_parameters(media_type)[1].get("boundary", ""))
        if not boundary:
            detail = "The Content-Type of the form names no boundary; leave that header to your HTTP library."
            raise bad_request("malformed_request", detail)
        if boundary.isascii():
            stream = _Utf8Heads(stream, boundary.encode())
        form = super().parse(stream, media_type, parser_context)
        for name, values in form.data.lists():
            if any(_REPLACEMENT in value for value in values):
                detail = f"The form's field {shown(name)} is not UTF-8; a file needs its filename beside the name."
                raise bad_request("malformed_request", detail)
        return form


class NoForm(BaseParser):
    """Refuses what is no form, behind FormParser: the 415 of the framework does not name the type that is taken."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        kind = (media_type or "").partition(";")[0]
        raise UnsupportedMediaType(kind, f"A form is taken here, multipart/form-data, and no {shown(kind)}.")


class _Utf8Heads:
    """A form's bytes, in which the headers of parts are UTF-8."""

    def __init__(self, stream: Any, boundary: bytes) -> None:
        self._stream = stream
        self._border = b"--" + boundary
        self._held = bytearray()
        self._ready = bytearray()
        self._in_head = self._ended = False

    def read(self, size: int = CHUNK_BYTES) -> bytes:
        while not self._ready and not self._ended:
            chunk = self._stream.read(CHUNK_BYTES)
            self._ended = not chunk
            self._held += chunk
            self._move()
        piece = bytes(self._ready[:size])
        del self._ready[:size]
        return piece

    def _move(self) -> None:
        """Hands on what is held, up to what the next chunk may change the meaning of."""
        held, at = self._held, 0
        while True:
            mark = b"\r\n\r\n" if self._in_head else self._border
            found = held.find(mark, at)
            if found < 0:
                break
            end = found + len(mark)
            self._ready += _in_utf8(held[at:end]) if self._in_head else held[at:end]
            self._in_head = not self._in_head
            at = end
        left = len(held) - at
        if self._ended or (self._in_head and left > MAX_HEAD_BYTES):
            keep = 0
            self._in_head = False
        else:
            keep = left if self._in_head else min(left, len(self._border) - 1)
        self._ready += held[at : len(held) - keep]
        del held[: len(held) - keep]


def _in_utf8(head: bytearray) -> bytes:
    return text_of(bytes(head)).encode()
