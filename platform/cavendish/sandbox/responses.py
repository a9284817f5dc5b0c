"""Streamed responses: JSON and server-sent events whose pictures become base64 while they are sent."""

from __future__ import annotations

import json
import secrets
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pybase64
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from cavendish.sandbox.errors import Cut

_STEP = 192 * 1024
"""Bytes encoded at a time: a multiple of three, so that parts of base64 join without padding."""


@dataclass(frozen=True)
class Binary:
    """A leaf of a JSON tree that becomes a long base64 string. `parts` reads the bytes again each time."""

    size: int
    parts: Callable[[], Iterable[bytes]]

    @property
    def encoded_size(self) -> int:
        return -(-self.size // 3) * 4


Damage = Literal["cut", "bad_json"]
"""What can be wrong with a response: cut in the middle of the picture, or malformed JSON."""


class JsonBody:
    """A JSON tree with Binary leaves, encoded chunk by chunk."""

    def __init__(self, tree: Any) -> None:
        leaves: list[Binary] = []
        # Unguessable, so that no text of a prompt can be mistaken for a leaf.
        mark = secrets.token_hex(12)

        def marker(leaf: object) -> str:
            if not isinstance(leaf, Binary):
                raise TypeError(f"{type(leaf).__name__} has no JSON form")
            leaves.append(leaf)
            return mark

        text = json.dumps(tree, default=marker, separators=(",", ":")).encode()
        self._texts = text.split(mark.encode())
        self._leaves = leaves

    @property
    def size(self) -> int:
        return sum(map(len, self._texts)) + sum(leaf.encoded_size for leaf in self._leaves)

    def chunks(self, damage: Damage | None = None) -> Iterator[bytes]:
        """Yields the document. Raises Cut where the connection is to break; `bad_json` spoils the end of the JSON."""
        for number, text in enumerate(self._texts):
            last = number == len(self._texts) - 1
            if last and damage == "cut":
                yield text[: len(text) // 2]
                raise Cut
            yield text[:-1] + b",,]" if last and damage == "bad_json" else text
            if not last:
                leaf = self._leaves[number]
                yield from _base64(leaf.parts(), leaf.size // 6 * 3 if damage == "cut" else None)
                if damage == "cut":
                    raise Cut


class Streamed(Response):
    """Sends chunks as they come. On Cut the body stays unfinished, so that the server drops the connection."""

    def __init__(
        self, chunks: AsyncIterator[bytes], *, media_type: str, size: int | None = None, gzip: bool = False
    ) -> None:
        super().__init__(media_type=media_type)
        del self.headers["content-length"]
        if gzip:
            self.headers["content-encoding"] = "gzip"
        elif size is not None:
            self.headers["content-length"] = str(size)
        self._chunks = _compressed(chunks) if gzip else chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        try:
            async for chunk in self._chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        except Cut:
            return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def json_response(tree: Any, *, damage: Damage | None = None, gzip: bool = False, escapes: bool = False) -> Response:
    body = JsonBody(tree)

    async def chunks() -> AsyncIterator[bytes]:
        for chunk in body.chunks(damage):
            yield escaped(chunk) if escapes else chunk

    exact = not escapes and damage != "bad_json"
    media_type = "application/json; charset=UTF-8"
    return Streamed(chunks(), media_type=media_type, size=body.size if exact else None, gzip=gzip)


def escaped(chunk: bytes) -> bytes:
    """Returns JSON as some of Google's servers write it. Both characters occur inside strings only."""
    return chunk.replace(b"/", rb"\/").replace(b"=", rb"\u003d")


def event_chunks(event: Any, damage: Damage | None = None) -> Iterator[bytes]:
    yield f"event: {event['event_type']}\ndata: ".encode()
    yield from JsonBody(event).chunks(damage)
    yield b"\n\n"


def _base64(parts: Iterable[bytes], stop: int | None) -> Iterator[bytes]:
    """Yields the base64 of the parts in a row, or of their first `stop` bytes."""
    buffer = bytearray()
    left = stop
    for part in parts:
        view = memoryview(part) if left is None else memoryview(part)[:left]
        left = None if left is None else left - len(view)
        while view:
            head = view[: _STEP - len(buffer)]
            buffer += head
            view = view[len(head) :]
            if len(buffer) == _STEP:
                yield pybase64.b64encode(buffer)
                buffer.clear()
    yield pybase64.b64encode(buffer)


async def _compressed(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    packer = zlib.compressobj(1, wbits=31)
    async for chunk in chunks:
        if packed := packer.compress(chunk):
            yield packed
    yield packer.flush()
