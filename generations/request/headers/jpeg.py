from __future__ import annotations

import struct

from generations.request.headers.exif import turns
from generations.request.headers.source import NotReadable, Size, Source, Truncated

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # those are tables and extensions
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_EXIF = b"Exif\0\0"


def read_jpeg(source: Source) -> Size:
    size: Size | None = None
    turned: bool | None = None
    at = 2
    while True:
        start, kind, length = struct.unpack(">BBH", source.exactly(at, 4))
        if start != 0xFF:
            raise NotReadable("no marker")
        if kind == 0xFF:  # bytes before a marker may be filled
            at += 1
            continue
        if kind in _WITHOUT_LENGTH:
            at += 2
            continue
        if kind < 0xC0 or kind == 0xD9 or length < 2:
            raise NotReadable("no marker that may stand here")
        if kind in _FRAMES and size is None:
            precision, height, width = struct.unpack(">BHH", source.exactly(at + 4, 5))
            if precision != 8:
                raise NotReadable(f"{precision} bits, which hardly anything shows")
            size = (width, height)
        elif kind == 0xE1 and turned is None and source.read(at + 4, len(_EXIF)) == _EXIF:
            turned = turns(source.part(at + 4 + len(_EXIF), length - 2 - len(_EXIF)))
        at += 2 + length
        if kind == 0xDA:
            break
    if size is None:
        raise NotReadable("pixels without a size")
    if turned:
        size = (size[1], size[0])
    # From the first pixels on: a thumbnail in the header has an end marker of its own.
    if source.rfind(b"\xff\xd9", at) < 0:
        raise Truncated(size)
    return size
