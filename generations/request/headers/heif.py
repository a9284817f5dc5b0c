"""HEIC, HEIF and AVIF: the size of the primary item, which is what a viewer shows.

The properties of that item say it: `ispe` is the size as coded (of the whole picture where it is a grid of tiles),
`clap` cuts the margin off that the codec needed, `irot` turns. They count in the order in which the item lists them.
EXIF's orientation does not count: ISO/IEC 23008-12 has it ignored, and libheif and libavif do.
"""

from __future__ import annotations

import struct

from generations.request.headers.boxes import Box, boxes
from generations.request.headers.source import NotReadable, Size, Source, Truncated


def read_heif(source: Source) -> Size | None:
    """None where the primary item has no extent of its own."""
    meta: Box | None = None
    end = 0
    for box in boxes(source, 0, source.size):
        if box.kind == b"meta" and meta is None:
            meta = box
        end = box.end
    if meta is None:
        raise NotReadable("no meta box")
    size = _primary_size(source, meta)
    if end > source.size:
        raise Truncated(size)
    return size


def _primary_size(source: Source, meta: Box) -> Size | None:
    primary: int | None = None
    properties: Box | None = None
    tables: list[Box] = []
    for box in boxes(source, meta.start + 4, meta.end):
        if box.kind == b"pitm":
            primary = _number(source, box.start + 4, 4 if source.exactly(box.start, 1)[0] else 2)
        elif box.kind == b"iprp":
            for inner in boxes(source, box.start, box.end):
                if inner.kind == b"ipco":
                    properties = inner
                elif inner.kind == b"ipma":
                    tables.append(inner)
    if primary is None:
        raise NotReadable("no primary item")
    if properties is None:
        return None
    for table in tables:
        indexes = _associated(source, table, primary)
        if indexes is not None:
            return _shown(source, properties, indexes)
    return None


def _associated(source: Source, table: Box, item: int) -> list[int] | None:
    """The properties of an item as numbers from 1, None where the table does not name the item."""
    data = source.exactly(table.start, table.end - table.start)
    version, flags, count = struct.unpack_from(">BxxBI", data)
    entry = ">IB" if version else ">HB"
    index = ">H" if flags & 1 else ">B"
    mask = 0x7FFF if flags & 1 else 0x7F  # the bit before says that the property is essential
    at = 8
    for _ in range(count):
        source.spend()
        number, associations = struct.unpack_from(entry, data, at)
        at += struct.calcsize(entry)
        end = at + associations * struct.calcsize(index)
        if number == item:
            return [value & mask for (value,) in struct.iter_unpack(index, data[at:end])]
        at = end
    return None


def _shown(source: Source, properties: Box, indexes: list[int]) -> Size | None:
    wanted = set(indexes)
    found: dict[int, tuple[bytes, bytes]] = {}
    for number, box in enumerate(boxes(source, properties.start, properties.end), 1):
        if number > max(wanted, default=0):
            break
        if number in wanted and box.kind in {b"ispe", b"clap", b"irot"}:
            found[number] = (box.kind, source.read(box.start, min(box.end - box.start, 32)))
    ordered = [found[number] for number in indexes if number in found]
    extents = [struct.unpack_from(">II", content, 4) for kind, content in ordered if kind == b"ispe"]
    if not extents:
        return None
    width, height = extents[0]
    for kind, content in ordered:
        if kind == b"clap":
            width, height = (min(whole, part) for whole, part in zip((width, height), _aperture(content), strict=True))
        elif kind == b"irot" and content[0] & 1:
            width, height = height, width
    return width, height


def _aperture(content: bytes) -> Size:
    """Two fractions, rounded as libheif does; where the cut lies follows and does not matter."""
    across, by_across, down, by_down = struct.unpack_from(">IIII", content)
    if not by_across or not by_down:
        raise NotReadable("a clean aperture over nothing")
    return (across + by_across // 2) // by_across, (down + by_down // 2) // by_down


def _number(source: Source, at: int, width: int) -> int:
    return int.from_bytes(source.exactly(at, width), "big")
