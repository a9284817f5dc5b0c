"""Formats whose header is a few bytes at a known place."""

from __future__ import annotations

import struct

from generations.request.headers.source import NotReadable, Size, Source, Truncated

_GIF_HEAD = 64 * 1024


def read_webp(source: Source) -> Size:
    """The canvas, as libwebp and the browsers show it: they leave an orientation in its EXIF chunk alone."""
    head = source.read(0, 30)
    kind = head[12:16]
    if kind == b"VP8X" and len(head) == 30:
        size = (int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1)
    elif kind == b"VP8L" and len(head) >= 25 and head[20] == 0x2F:
        bits = int.from_bytes(head[21:25], "little")
        size = ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    elif kind == b"VP8 " and len(head) == 30 and head[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", head, 26)
        size = (width & 0x3FFF, height & 0x3FFF)
    else:
        raise NotReadable("no WebP chunk")
    if int.from_bytes(head[4:8], "little") + 8 > source.size:
        raise Truncated(size)
    return size


def read_gif(source: Source) -> Size:
    """The screen, or the first frame where that is larger: so do Firefox, Chrome and Pillow. A frame that does not
    begin within 64 kB is not looked for."""
    head = source.read(0, _GIF_HEAD)
    if len(head) < 13:
        raise NotReadable("no screen")
    width, height, flags = struct.unpack_from("<HHB", head, 6)
    at = 13 + (3 * 2 << (flags & 7) if flags & 0x80 else 0)
    while head[at : at + 1] == b"!":  # an extension: its name, then blocks up to an empty one
        at += 2
        while at < len(head) and head[at]:
            at += 1 + head[at]
        at += 1
    if head[at : at + 1] == b"," and at + 9 <= len(head):
        left, top, across, down = struct.unpack_from("<HHHH", head, at + 1)
        width, height = max(width, left + across), max(height, top + down)
    # Encoders pad the trailer with zeros now and then.
    if not source.read(max(0, source.size - 64), 64).rstrip(b"\0").endswith(b";"):
        raise Truncated((width, height))
    return width, height


def read_bmp(source: Source) -> Size:
    """The height is negative where the rows begin at the top."""
    head = source.read(0, 26)
    if len(head) < 26:
        raise NotReadable("no BMP header")
    length, _, _, form = struct.unpack_from("<IIII", head, 2)
    width, height = struct.unpack_from("<HH" if form == 12 else "<ii", head, 18)
    size = (width, abs(height))
    if length > source.size:
        raise Truncated(size)
    return size


def read_riff(source: Source) -> None:
    if int.from_bytes(source.exactly(4, 4), "little") + 8 > source.size:
        raise Truncated


def read_anything(source: Source) -> None:
    """Formats of which nothing but the first bytes is looked at."""
