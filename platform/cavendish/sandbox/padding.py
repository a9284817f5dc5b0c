"""Makes a picture file larger without changing the picture: `[[bytes:24000000]]`."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable
from functools import cache, lru_cache

_PNG_CHUNK = b"caVp"
"""Ancillary, private, safe to copy: every decoder passes over it."""
_PNG_FRAME = 12
_PNG_LARGEST = 1024 * 1024 + _PNG_FRAME
_PNG_END = 12
_JPEG_FRAME = 4
_JPEG_LARGEST = 65_537
"""A comment segment: marker, length and 65,533 bytes."""


def pad(data: bytes, mime_type: str, size: int | None) -> tuple[bytes, ...]:
    """Returns the file in parts, padded to exactly `size` bytes; unchanged when it is larger or no frame fits."""
    if size is None:
        return (data,)
    if mime_type == "image/jpeg":
        # Behind the JFIF header, which has to stay first.
        offset = 4 + int.from_bytes(data[4:6]) if data[2:4] == b"\xff\xe0" else 2
        filler = _filler(size - len(data), _jpeg, _JPEG_FRAME, _JPEG_LARGEST)
    else:
        offset = len(data) - _PNG_END
        filler = _filler(size - len(data), _png, _PNG_FRAME, _PNG_LARGEST)
    return (data[:offset], *filler, data[offset:])


def _filler(size: int, frame: Callable[[int], bytes], smallest: int, largest: int) -> list[bytes]:
    """Returns frames of `size` bytes in all. The full ones are one repeated object, which costs its memory once."""
    full, rest = divmod(max(0, size), largest)
    if 0 < rest < smallest:
        if not full:
            return []
        full, rest = full - 1, rest + largest
        return [frame(largest)] * full + [frame(rest // 2), frame(rest - rest // 2)]
    return [frame(largest)] * full + ([frame(rest)] if rest else [])


@cache
def _noise() -> bytes:
    """Returns bytes that compress as badly as a real picture's."""
    return random.Random(5).randbytes(_PNG_LARGEST)


@lru_cache(maxsize=4)
def _png(size: int) -> bytes:
    body = _noise()[: size - _PNG_FRAME]
    checksum = zlib.crc32(body, zlib.crc32(_PNG_CHUNK))
    return len(body).to_bytes(4) + _PNG_CHUNK + body + checksum.to_bytes(4)


@lru_cache(maxsize=4)
def _jpeg(size: int) -> bytes:
    body = _noise()[: size - _JPEG_FRAME]
    return b"\xff\xfe" + (len(body) + 2).to_bytes(2) + body
