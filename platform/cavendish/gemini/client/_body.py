"""Request bodies with pictures in them, sent as a stream of known length."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pybase64

from cavendish.gemini.client._errors import GeminiError


@dataclass(frozen=True)
class Blob:
    """Bytes that are read when they are sent, anew for each try. In a body it becomes a base64 string.

    `size` in bytes must be exact: it decides Content-Length before the first byte is read.
    """

    size: int
    open: Callable[[], AsyncIterator[bytes]]


class Body:
    """A JSON document whose Blob leaves are encoded while they are sent."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        blobs: list[Blob] = []
        # A mark that nobody can guess, so that no text of the document is taken for a blob's place.
        mark = secrets.token_hex(16)

        def place(value: object) -> str:
            if not isinstance(value, Blob):
                raise TypeError(f"{type(value).__name__} cannot be sent")
            blobs.append(value)
            return mark

        text = json.dumps(document, default=place, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        self._texts = [part.encode("utf-8") for part in text.split(mark)]
        self._blobs = blobs
        self.length = sum(map(len, self._texts)) + sum((blob.size + 2) // 3 * 4 for blob in blobs)

    async def stream(self) -> AsyncIterator[bytes]:
        yield self._texts[0]
        for blob, text in zip(self._blobs, self._texts[1:], strict=True):
            rest = b""
            async for piece in exactly(blob):
                piece = rest + piece if rest else piece
                whole = len(piece) - len(piece) % 3
                rest = piece[whole:]
                if whole:
                    yield pybase64.b64encode(piece[:whole] if rest else piece)
            yield pybase64.b64encode(rest) + text


async def exactly(blob: Blob) -> AsyncIterator[bytes]:
    """The bytes of a blob. An input that changed its length is told here, not by a broken request."""
    sent = 0
    async for piece in blob.open():
        sent += len(piece)
        if sent > blob.size:
            break
        yield piece
    if sent != blob.size:
        raise GeminiError("an input changed while it was sent", code="input_changed")
