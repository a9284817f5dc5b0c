from __future__ import annotations

import struct
from operator import add

from generations.request.headers.exif import ON_ITS_SIDE, ORIENTATION, UNITS, Directory, Entry, directory
from generations.request.headers.source import MAX_PIECE, NotReadable, Size, Source, Truncated

WIDTH, HEIGHT = 256, 257
PIECES = ((273, 279), (324, 325))
"""Where strips and tiles begin, and how many bytes each has."""
MAX_PIECES = 250_000
_STEP = MAX_PIECE // 4


def read_tiff(source: Source) -> Size:
    """The first page."""
    page = directory(source, {WIDTH, HEIGHT, ORIENTATION, *PIECES[0], *PIECES[1]})
    width, height = page.number(WIDTH), page.number(HEIGHT)
    if width is None or height is None:
        raise NotReadable("no size")
    size = (height, width) if page.number(ORIENTATION) in ON_ITS_SIDE else (width, height)
    if page.end > source.size or _pixels_end(source, page) > source.size:
        raise Truncated(size)
    return size


def _pixels_end(source: Source, page: Directory) -> int:
    """Where the last strip or tile ends. They may lie in any order."""
    end = 0
    for starts, lengths in ((page.entries.get(tag) for tag in pair) for pair in PIECES):
        if starts is None or lengths is None:
            continue
        count = min(starts.values, lengths.values)
        if count > MAX_PIECES:
            raise NotReadable(f"{count} strips or tiles")
        for first in range(0, count, _STEP):
            step = min(_STEP, count - first)
            ends = map(
                add, _values(source, page.order, starts, first, step), _values(source, page.order, lengths, first, step)
            )
            end = max(end, *ends)
    return end


def _values(source: Source, order: str, entry: Entry, first: int, count: int) -> tuple[int, ...]:
    unit = UNITS.get(entry.type)
    if unit is None:
        raise NotReadable(f"pieces as type {entry.type}")
    width = struct.calcsize("=" + unit)
    if entry.values * width <= 4:
        data = entry.field[first * width : (first + count) * width]
    else:
        (start,) = struct.unpack(f"{order}I", entry.field)
        data = source.exactly(start + first * width, count * width)
    return struct.unpack(f"{order}{count}{unit}", data)
