"""Bodies sent in pieces: JSON and server-sent events whose pictures become base64 on the way out."""

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
"""Bytes encoded at a time: a multiple of three, so that pieces of base64 join without padding."""


@dataclass(frozen=True)
class Binary:
    """Stands in a JSON tree for a long base64 string. `parts` opens the bytes anew each time."""

    size: int
    parts: Callable[[], Iterable[bytes]]

    @property
    def encoded_size(self) -> int:
        return -(-self.size // 3) * 4


Damage = Literal["cut", "bad_json"]
"""What can be wrong with a delivery: cut in the middle of the picture, or JSON that is none."""


class Pieces:
    """A JSON tree with Binary leaves, written piece by piece."""

    def __init__(self, tree: Any) -> None:
        leaves: list[Binary] = []
        # Unguessable, so that no text of a prompt can be taken for a leaf.
        mark = secrets.token_hex(12)

        def place(leaf: object) -> str:
            if not isinstance(leaf, Binary):
                raise TypeError(f"{type(leaf).__name__} has no JSON form")
            leaves.append(leaf)
            return mark

        text = json.dumps(tree, default=place, separators=(",", ":")).encode()
        self._texts = text.split(mark.encode())
        self._leaves = leaves

    @property
    def size(self) -> int:
        return sum(map(len, self._texts)) + sum(leaf.encoded_size for leaf in self._leaves)

    def chunks(self, damage: Damage | None = None) -> Iterator[bytes]:
        """Raises Cut where the connection is to break; `bad_json` leaves out the closing brackets and adds a comma."""
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
    """Sends chunks as they come. On Cut the body stays unfinished, upon which the server drops the connection."""

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


def json_answer(tree: Any, *, damage: Damage | None = None, gzip: bool = False, escapes: bool = False) -> Response:
    pieces = Pieces(tree)

    async def chunks() -> AsyncIterator[bytes]:
        for chunk in pieces.chunks(damage):
            yield escaped(chunk) if escapes else chunk

    exact = not escapes and damage != "bad_json"
    media_type = "application/json; charset=UTF-8"
    return Streamed(chunks(), media_type=media_type, size=pieces.size if exact else None, gzip=gzip)


def escaped(chunk: bytes) -> bytes:
    """JSON as some of Google's servers write it. Both characters occur inside strings only."""
    return chunk.replace(b"/", rb"\/").replace(b"=", rb"\u003d")


def event_chunks(event: Any, damage: Damage | None = None) -> Iterator[bytes]:
    yield f"event: {event['event_type']}\ndata: ".encode()
    yield from Pieces(event).chunks(damage)
    yield b"\n\n"


def _base64(parts: Iterable[bytes], stop: int | None) -> Iterator[bytes]:
    """Base64 of the parts in a row, or of their first `stop` bytes."""
    held = bytearray()
    left = stop
    for part in parts:
        view = memoryview(part) if left is None else memoryview(part)[:left]
        left = None if left is None else left - len(view)
        while view:
            taken = view[: _STEP - len(held)]
            held += taken
            view = view[len(taken) :]
            if len(held) == _STEP:
                yield pybase64.b64encode(held)
                held.clear()
    yield pybase64.b64encode(held)


async def _compressed(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    packer = zlib.compressobj(1, wbits=31)
    async for chunk in chunks:
        if packed := packer.compress(chunk):
            yield packed
    yield packer.flush()
