from __future__ import annotations

import struct
import zlib

from generations.request.headers.exif import turns
from generations.request.headers.source import NotReadable, Size, Source, Truncated


def read_png(source: Source) -> Size:
    """The first eXIf chunk counts, and only before the pixels: there browsers and libpng look for it."""
    header = source.exactly(8, 25)
    length, kind, width, height = struct.unpack_from(">I4sII", header)
    if length != 13 or kind != b"IHDR" or zlib.crc32(header[4:21]) != int.from_bytes(header[21:], "big"):
        raise NotReadable("no IHDR chunk")
    turned: bool | None = None
    at = 33
    while kind != b"IDAT":
        length, kind = struct.unpack(">I4s", source.exactly(at, 8))
        if kind == b"IEND":
            raise NotReadable("no pixels")
        if kind == b"eXIf" and turned is None:
            turned = turns(source.part(at + 8, length))
        at += 12 + length
    size = (height, width) if turned else (width, height)
    end = source.rfind(b"\0\0\0\0IEND", 33)
    if end < 0 or end + 12 > source.size:
        raise Truncated(size)
    return size
