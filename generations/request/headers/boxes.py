"""The boxes of ISO base media files: MP4, QuickTime, HEIF."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from generations.request.headers.source import NotReadable, Source, Truncated


class Box(NamedTuple):
    """Where the content of a box begins and ends. The end may lie behind that of a file that is cut."""

    kind: bytes
    start: int
    end: int


def boxes(source: Source, at: int, end: int) -> Iterator[Box]:
    """The boxes between two positions, one after the other; nothing is read inside of them."""
    while at + 8 <= end:
        length, kind = struct.unpack(">I4s", source.exactly(at, 8))
        start = at + 8
        if length == 1:
            (length,) = struct.unpack(">Q", source.exactly(start, 8))
            start += 8
        elif length == 0:  # up to the end
            length = end - at
        if length < start - at:
            raise NotReadable("a box without length")
        yield Box(kind, start, at + length)
        at += length


def read_movie(source: Source) -> None:
    indexed = False
    end = 0
    for box in boxes(source, 0, source.size):
        indexed = indexed or box.kind in {b"moov", b"moof"}
        end = box.end
    if end > source.size:
        raise Truncated
    if not indexed:
        # The index usually comes last, but where every box is complete there is none.
        raise NotReadable("no moov box")
