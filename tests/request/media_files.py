"""Files made byte by byte: ISO boxes, HEIF with the properties that a test is about, chunks and markers."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def full_box(kind: bytes, content: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags) + content)


def ispe(width: int, height: int) -> bytes:
    return full_box(b"ispe", struct.pack(">II", width, height))


def irot(turns: int) -> bytes:
    """Quarter turns against the clock."""
    return box(b"irot", bytes([turns]))


def clap(
    width: tuple[int, int], height: tuple[int, int], x: tuple[int, int] = (0, 1), y: tuple[int, int] = (0, 1)
) -> bytes:
    return box(b"clap", struct.pack(">IIIIiIiI", *width, *height, *x, *y))


def ipma(
    entries: Sequence[tuple[int, Sequence[int]]], *, wide_items: bool = False, wide_indexes: bool = False
) -> bytes:
    """Which properties (numbered from 1) belong to which item."""
    content = [struct.pack(">I", len(entries))]
    for item, indexes in entries:
        content.append(struct.pack(">IB" if wide_items else ">HB", item, len(indexes)))
        content += (struct.pack(">H", index | 0x8000) if wide_indexes else bytes([index | 0x80]) for index in indexes)
    return full_box(b"ipma", b"".join(content), version=int(wide_items), flags=int(wide_indexes))


def pitm(item: int, wide: bool = False) -> bytes:
    return full_box(b"pitm", struct.pack(">I" if wide else ">H", item), version=int(wide))


def heif(*properties: bytes, brand: bytes = b"heic", meta: bytes | None = None) -> bytes:
    """A file whose item 1 is a tile of 512 by 512 and whose primary item 2 has `properties`, in their order."""
    if meta is None:
        listed = [ispe(512, 512), ispe(320, 240), *properties]
        own = range(3, 3 + len(properties))
        meta = pitm(2) + box(b"iprp", box(b"ipco", b"".join(listed)) + ipma([(1, [1]), (3, [2]), (2, list(own))]))
    handler = full_box(b"hdlr", struct.pack(">I4s12xx", 0, b"pict"))
    head = box(b"ftyp", brand + b"\0\0\0\0mif1" + brand)
    return head + full_box(b"meta", handler + meta) + box(b"mdat", b"x" * 500)


def movie(brand: bytes = b"isom") -> bytes:
    return box(b"ftyp", brand + b"\0\0\0\0") + box(b"mdat", b"x" * 500) + box(b"moov", b"y" * 100)


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int = 64, height: int = 48, *before_pixels: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes((width + 1) * height), 0) if width * height < 100_000 else b"")
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(before_pixels) + pixels + chunk(b"IEND")


def segment(kind: int, content: bytes = b"") -> bytes:
    return struct.pack(">BBH", 0xFF, kind, len(content) + 2) + content


def jpeg(width: int = 64, height: int = 48, *before_frame: bytes) -> bytes:
    frame = segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0")
    scan = segment(0xDA, b"\1\1\0\0\x3f\0") + b"\x12\x34" * 20
    return b"\xff\xd8" + b"".join(before_frame) + frame + scan + b"\xff\xd9"


def exif(orientation: int, order: str = ">") -> bytes:
    mark = b"MM\0*" if order == ">" else b"II*\0"
    return mark + struct.pack(f"{order}IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def tiff(entries: Sequence[tuple[int, int, int, int]], tail: bytes = b"", order: str = "<") -> bytes:
    """A file of one directory (tag, type, count, value or place) and what stands behind it."""
    packed = [
        struct.pack(f"{order}HHIHH", tag, kind, count, value, 0)
        if (kind, count) == (3, 1)
        else struct.pack(f"{order}HHII", tag, kind, count, value)
        for tag, kind, count, value in entries
    ]
    mark = b"MM\0*" if order == ">" else b"II*\0"
    return mark + struct.pack(f"{order}IH", 8, len(entries)) + b"".join(packed) + b"\0\0\0\0" + tail


def gif(width: int = 64, height: int = 48, *extensions: bytes, frame: tuple[int, int, int, int] | None = None) -> bytes:
    descriptor = struct.pack("<BHHHHB", 0x2C, *(frame or (0, 0, width, height)), 0)
    screen = struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    return b"GIF89a" + screen + b"".join(extensions) + descriptor + b"\2\2\x4c\1\0;"


def riff(kind: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    content = kind + b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(content)) + content
