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
    """Bytes that are read while they are sent, again for each attempt. In a body it becomes a base64 string.

    `size` in bytes must be exact: Content-Length is sent before the first byte is read.
    """

    size: int
    open: Callable[[], AsyncIterator[bytes]]


class Body:
    """A JSON document whose Blob leaves are encoded while they are sent."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        blobs: list[Blob] = []
        # An unguessable marker, so that no text of the document can be mistaken for a blob.
        mark = secrets.token_hex(16)

        def marker(value: object) -> str:
            if not isinstance(value, Blob):
                raise TypeError(f"{type(value).__name__} cannot be sent")
            blobs.append(value)
            return mark

        text = json.dumps(document, default=marker, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        self._texts = [part.encode("utf-8") for part in text.split(mark)]
        self._blobs = blobs
        self.length = sum(map(len, self._texts)) + sum((blob.size + 2) // 3 * 4 for blob in blobs)

    async def stream(self) -> AsyncIterator[bytes]:
        """Yields the document. Raises GeminiError when a blob does not have its size."""
        yield self._texts[0]
        for blob, text in zip(self._blobs, self._texts[1:], strict=True):
            rest = b""
            async for chunk in exactly(blob):
                chunk = rest + chunk if rest else chunk
                whole = len(chunk) - len(chunk) % 3
                rest = chunk[whole:]
                if whole:
                    yield pybase64.b64encode(chunk[:whole] if rest else chunk)
            yield pybase64.b64encode(rest) + text


async def exactly(blob: Blob) -> AsyncIterator[bytes]:
    """Yields the bytes of a blob. Raises GeminiError when their number is not its size, before the request breaks."""
    sent = 0
    async for chunk in blob.open():
        sent += len(chunk)
        if sent > blob.size:
            break
        yield chunk
    if sent != blob.size:
        raise GeminiError("an input changed while it was sent", code="input_changed")
