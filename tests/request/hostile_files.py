"""Files whose structure costs whoever walks it without a bound: memory for each part, or time."""

from __future__ import annotations

import struct
from collections.abc import Callable

from tests.request.media_files import box, chunk, full_box, gif, ipma, ispe, jpeg, movie, pitm, png, segment, tiff

HEIC = box(b"ftyp", b"heic\0\0\0\0mif1heic")
MP4 = box(b"ftyp", b"isom\0\0\0\0")


def _meta(*content: bytes) -> bytes:
    return HEIC + full_box(b"meta", b"".join(content))


def _nested(kind: bytes, depth: int) -> bytes:
    return b"".join(struct.pack(">I4s", 8 * (depth - level), kind) for level in range(depth))


def _strips(count: int, values: bytes) -> bytes:
    """A TIFF whose strips' places and lengths are the same numbers."""
    return tiff([(256, 4, 1, 64), (257, 4, 1, 48), (273, 4, count, 62), (279, 4, count, 62)], values)


def _directory(size: int) -> bytes:
    """As many entries as a directory may have, each with all of the file as its value."""
    count = min(65_535, size // 24)
    entries = [(256, 4, 1, 64), (257, 4, 1, 48), *((300, 7, size // 2, 8),) * (count - 2)]
    return tiff(entries, bytes(size - count * 12))


# What about `size` bytes long looks like; the type that it claims; whether it is refused.
HOSTILE: dict[str, tuple[Callable[[int], bytes], str, bool]] = {
    "names of ispe without boxes": (lambda size: HEIC + box(b"meta", b"ispe" * (size // 4)), "image/heic", True),
    "properties": (
        lambda size: _meta(pitm(1), box(b"iprp", box(b"ipco", ispe(64, 48) * (size // 20)) + ipma([(1, [1])]))),
        "image/heic",
        False,  # those that the picture does not have are not looked at
    ),
    "properties up to the last that a picture may have": (
        lambda size: _meta(
            pitm(1),
            box(b"iprp", box(b"ipco", ispe(64, 48) * (size // 20)) + ipma([(1, [0x7FFF])], wide_indexes=True)),
        ),
        "image/heic",
        True,
    ),
    "associations": (
        lambda size: _meta(
            pitm(2),
            box(b"iprp", box(b"ipco", ispe(64, 48)) + ipma([(1, [])] * min(size // 3, 40_000)) * (size // 120_000 + 1)),
        ),
        "image/heic",
        True,
    ),
    "an association table of the whole file": (
        lambda size: _meta(pitm(2), box(b"iprp", box(b"ipco", ispe(64, 48)) + ipma([(1, [])] * (size // 3)))),
        "image/heic",
        True,
    ),
    "children of meta": (lambda size: _meta(pitm(1), box(b"free", b"") * (size // 8)), "image/heic", True),
    "primary items": (lambda size: _meta(pitm(1) * (size // 14)), "image/heic", True),
    "boxes inside boxes": (lambda size: HEIC + _nested(b"meta", size // 8), "image/heic", True),
    "boxes inside properties": (
        lambda size: _meta(pitm(1), box(b"iprp", _nested(b"ipco", size // 8))),
        "image/heic",
        False,  # no table: the file tells no size
    ),
    "boxes with names of their own": (
        lambda size: MP4 + b"".join(struct.pack(">II", 8, 0x20000000 + n) for n in range(size // 8)),
        "video/mp4",
        True,
    ),
    "boxes behind a movie": (lambda size: movie() + box(b"free", b"") * (size // 8), "video/mp4", True),
    "long lengths": (
        lambda size: MP4 + struct.pack(">I4sQ", 1, b"free", 16) * (size // 16),
        "video/mp4",
        True,
    ),
    "empty segments": (lambda size: b"\xff\xd8" + segment(0xE0) * (size // 4), "image/jpeg", True),
    "empty segments and a picture": (lambda size: jpeg(64, 48, segment(0xE0) * (size // 4)), "image/jpeg", True),
    "fill bytes": (lambda size: b"\xff\xd8" + b"\xff" * size, "image/jpeg", True),
    "restart markers": (lambda size: b"\xff\xd8\xff\xd0" + b"\xff\xd0" * (size // 2), "image/jpeg", True),
    "empty EXIF": (lambda size: jpeg(64, 48, segment(0xE1, b"Exif\0\0") * (size // 10)), "image/jpeg", True),
    "EXIF again and again": (
        lambda size: jpeg(64, 48, segment(0xE1, b"Exif\0\0" + _directory(65_000)) * (size // 65_000)),
        "image/jpeg",
        False,
    ),
    "no end": (lambda size: jpeg()[:-2] + bytes(size), "image/jpeg", True),
    "empty chunks": (lambda size: png(64, 48, chunk(b"tEXt") * (size // 12)), "image/png", True),
    "eXIf again and again": (
        lambda size: png(64, 48, chunk(b"eXIf", _directory(50_000)) * (size // 50_000)),
        "image/png",
        False,
    ),
    "empty chunks of pixels": (
        lambda size: png().replace(chunk(b"IEND"), chunk(b"IDAT") * (size // 12) + chunk(b"IEND")),
        "image/png",
        False,  # only the end is looked for
    ),
    "almost ends": (lambda size: png()[:-12] + b"\0\0\0\0IEN" * (size // 7), "image/png", True),
    "comments": (lambda size: gif(64, 48, b"\x21\xfe\1a\0" * (size // 5)), "image/gif", False),
    "a comment in pieces": (lambda size: gif(64, 48, b"\x21\xfe" + b"\1a" * (size // 2) + b"\0"), "image/gif", False),
    "a directory": (_directory, "image/tiff", True),
    "strips": (lambda size: _strips(size // 3, b"\0" * 2 * size), "image/tiff", True),
    "as many strips as are taken": (lambda size: _strips(min(size // 4, 250_000), b"\0" * size), "image/tiff", False),
}  # fmt: skip
