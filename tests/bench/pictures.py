"""Pictures of noise: real PNG files of an exact size in pixels and about a size in bytes."""

from __future__ import annotations

import random
import struct
import zlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """A square picture of the catalog: its name in a request, its pixels, and how many bytes it should have."""

    name: str
    pixels: int
    bytes: int


TINY = Size("512", 512, 350_000)
SMALL = Size("1K", 1024, 1_400_000)
LARGE = Size("4K", 4096, 24_000_000)


def noise_png(size: Size) -> bytes:
    """RGB, of which as many lines are noise as it takes; noise does not compress, the other lines vanish."""
    line = 1 + 3 * size.pixels
    noisy = min(size.bytes // line, size.pixels)
    noise = random.Random(size.pixels)
    raw = b"".join(b"\0" + noise.randbytes(line - 1) for _ in range(noisy)) + bytes(line) * (size.pixels - noisy)
    head = struct.pack(">IIBBBBB", size.pixels, size.pixels, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(raw, 1)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
