"""A request's body that comes compressed (Content-Encoding), unpacked while it comes, in pieces of a bounded size.

gzip and deflate are what the standard library reads; for the others the answer is 415, and names these two. A small
body that would unpack to gigabytes costs no more than one that is as large as the address allows.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

from cavendish.http.problems import Problem, bad_request
from cavendish.wait.asgi import Scope

CODINGS = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"}
PIECE_BYTES = 256 * 1024
MOST_MEMBERS = 4096
"""How many files gzip may have joined into one: `bgzip` makes one of each 64 kB."""

_GZIP, _ZLIB, _BARE = 31, 15, -15  # zlib's words for the three forms


def coding_of(scope: Scope) -> str | None:
    """Returns how the body is compressed, None where it is not. Raises Problem 415 for what is not unpacked."""
    values = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"content-encoding"]
    named = [word.strip().lower() for value in values for word in value.split(",")]
    codings = [word for word in named if word not in {"", "identity"}]
    if not codings:
        return None
    if len(codings) > 1 or codings[0] not in CODINGS:
        raise unsupported(", ".join(codings)[:60])
    return CODINGS[codings[0]]


def unsupported(coding: str) -> Problem:
    """Returns the 415 for a body compressed so."""
    detail = f'Content-Encoding "{coding}" is not read here; send the body as it is, or with gzip or deflate.'
    return Problem(415, "unsupported_encoding", detail, headers={"Accept-Encoding": "gzip, deflate"})


class Unpacking:
    """One body: `pieces` for the bytes as they come, and `close` when all have come."""

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._inflater: Any = zlib.decompressobj(_GZIP) if coding == "gzip" else None
        self._head = b""
        self._members = 1

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Yields what the next bytes unpack to, at most PIECE_BYTES at a time. Raises Problem 400."""
        if self._inflater is None:
            # What is called deflate comes in zlib's frame, as it should, or bare; two bytes tell.
            self._head += data
            if len(self._head) < 2:
                return
            data, self._head = self._head, b""
            framed = data[0] & 15 == 8 and int.from_bytes(data[:2], "big") % 31 == 0
            self._inflater = zlib.decompressobj(_ZLIB if framed else _BARE)
        while data:
            if self._inflater.eof:
                self._begin_member()
            try:
                piece = self._inflater.decompress(data, PIECE_BYTES)
            except zlib.error:
                raise _malformed(self._coding) from None
            data = self._inflater.unconsumed_tail or self._inflater.unused_data
            if piece:
                yield piece
        # What the last bytes hold beyond the size of a piece.
        while not self._inflater.eof and (piece := self._inflater.decompress(b"", PIECE_BYTES)):
            yield piece

    def close(self) -> None:
        """Raises Problem 400 for a body that ends too early."""
        if self._inflater is None or not self._inflater.eof:
            raise _malformed(self._coding)

    def _begin_member(self) -> None:
        self._members += 1
        if self._coding != "gzip" or self._members > MOST_MEMBERS:
            raise _malformed(self._coding)
        self._inflater = zlib.decompressobj(_GZIP)


def _malformed(coding: str) -> Problem:
    return bad_request("malformed_encoding", f"The body is not what Content-Encoding says: it is no whole {coding}.")
