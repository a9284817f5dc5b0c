"""The corpus of the header readers: `python -m tests.fuzz.build` writes it, a test sees that it is what is committed.

Small files of each format, as they should be and as nobody should make them. What was made by encoders is in
`corpus/real`, named by its size; what broke a reader, ours or another, is in `corpus/found`.
"""

from __future__ import annotations

import struct
from pathlib import Path

from tests.request.hostile_files import HOSTILE
from tests.request.media_files import (
    box,
    chunk,
    clap,
    exif,
    gif,
    heif,
    ipma,
    irot,
    ispe,
    jpeg,
    movie,
    pitm,
    png,
    riff,
    segment,
    tiff,
)

CORPUS = Path(__file__).parent / "corpus"
SMALL = 600
"""Bytes of a hostile file in the corpus: the shape counts, the fuzzer makes it longer."""


def good() -> dict[str, bytes]:
    """By name; what follows the last dot of a name is its format."""
    grid = box(b"ipco", ispe(512, 512) + ispe(4032, 3024) + irot(1) + box(b"imir", b"\0"))
    tiles = [(n, [1]) for n in range(1, 49)]
    first, second = segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"), segment(0xE1, b"Exif\0\0" + exif(8, "<"))
    bitmap = (66, 0, 0, 54, 40, 1, -3, 1, 24, 0, 12, 0, 0, 0, 0)
    to_the_end = struct.pack(">I4sQ4xI4s", 1, b"free", 20, 0, b"mdat") + b"x"
    strips = [(256, 3, 1, 64), (257, 3, 1, 48), (273, 4, 2, 74), (279, 3, 2, 82)]
    return {
        "plain.png": png(),
        "turned.png": png(64, 48, chunk(b"tEXt", b"Title\0x"), chunk(b"eXIf", exif(6))),
        "plain.jpg": jpeg(),
        "turned.jpg": jpeg(64, 48, first, second),
        "fill-and-restart.jpg": jpeg(64, 48, b"\xff\xff", segment(0xFE, b"words"), b"\xff\xd0"),
        "plain.gif": gif(),
        "extensions.gif": gif(64, 48, b"\x21\xf9\4\0\0\0\0\0", b"\x21\xfe\5words\0", frame=(2, 2, 80, 60)),
        "rows-from-the-top.bmp": b"BM" + struct.pack("<IHHIIiiHHIIIIII", *bitmap) + bytes(12),
        "os2.bmp": b"BM" + struct.pack("<IHHIIHHHH", 38, 0, 0, 26, 12, 1, 3, 1, 24) + bytes(12),
        "strips.tif": tiff(strips, struct.pack("<IIHH", 90, 100, 10, 20) + bytes(40)),
        "turned.tif": tiff([(256, 4, 1, 64), (257, 4, 1, 48), (274, 3, 1, 6)], order=">"),
        "lossy.webp": riff(b"WEBP", (b"VP8 ", b"\x10\0\0\x9d\x01\x2a\x40\0\x30\0" + bytes(9))),
        "lossless.webp": riff(b"WEBP", (b"VP8L", b"\x2f\x3f\xc0\x0b\0" + bytes(9))),
        "extended.webp": riff(b"WEBP", (b"VP8X", b"\x08\0\0\0\x3f\0\0\x2f\0\0"), (b"EXIF", exif(6))),
        "plain.heic": heif(ispe(4032, 3024)),
        "cut-and-turned.heic": heif(ispe(64, 64), clap((48, 1), (36, 1), (-1, 2), (-1, 2)), irot(1)),
        "grid.heic": heif(meta=pitm(49) + box(b"iprp", grid + ipma([*tiles, (49, [2, 3, 4])]))),
        "wide.heic": heif(
            meta=pitm(70_000, wide=True)
            + box(b"iprp", box(b"ipco", ispe(64, 48)) + ipma([(70_000, [1])], wide_items=True, wide_indexes=True))
        ),
        "plain.heif": heif(ispe(64, 48), brand=b"mif1"),
        "plain.avif": heif(ispe(64, 48), brand=b"avif"),
        "plain.mp4": movie(),
        "fragments.mp4": box(b"ftyp", b"iso5\0\0\0\0") + 3 * (box(b"moof", b"x" * 20) + box(b"mdat", b"y" * 20)),
        "long-and-open.mp4": movie() + to_the_end,
        "without-ftyp.mov": box(b"mdat", b"x" * 90) + box(b"moov", b"x"),
        "plain.3gp": movie(b"3gp4"),
        "plain.avi": riff(b"AVI ", (b"LIST", b"x" * 30)),
        "plain.webm": b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm" + b"x" * 90,
        "plain.flv": b"FLV\x01" + b"x" * 20,
    }  # fmt: skip


def hostile() -> dict[str, bytes]:
    return {
        f"hostile-{name.replace(' ', '-')}.{mime_type.partition('/')[2]}": make(SMALL)
        for name, (make, mime_type, _) in HOSTILE.items()
    }


def broken() -> dict[str, bytes]:
    """Shorter than their kinds have to be."""
    primary = pitm(1)
    return {
        "broken-turn.heic": heif(ispe(64, 48), box(b"irot", b"")),
        "broken-extent.heic": heif(box(b"ispe", bytes(8))),
        "broken-aperture.heic": heif(ispe(64, 48), box(b"clap", bytes(20))),
        "broken-table.heic": heif(meta=primary + box(b"iprp", box(b"ipco", b"") + box(b"ipma", bytes(7)))),
        "broken-count.heic": heif(meta=primary + box(b"iprp", box(b"ipco", b"") + box(b"ipma", bytes(7) + b"\x09"))),
        "broken-pieces.tif": tiff([(256, 4, 1, 64), (257, 4, 1, 48), (273, 7, 4, 0), (279, 7, 4, 0)]),
        "broken-length.mov": box(b"free", bytes(20)) + struct.pack(">I4sQ", 1, b"moov", 15),
        "broken-frame.jpg": b"\xff\xd8" + segment(0xDA, b"\1\1\0\0\x3f\0") + b"\xff\xd9",
        "broken-chunks.png": png().replace(b"IDAT", b"IEND", 1),
    }


def main() -> None:
    for name, data in (good() | broken() | hostile()).items():
        (CORPUS / name).write_bytes(data)


if __name__ == "__main__":
    main()
