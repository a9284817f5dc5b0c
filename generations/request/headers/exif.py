"""The directory of a TIFF file, which is also the form of EXIF data."""

from __future__ import annotations

import struct
from collections.abc import Container
from typing import NamedTuple

from generations.request.headers.source import NotReadable, Source, Truncated

ORIENTATION = 0x0112
MAX_ENTRIES = 4096
ON_ITS_SIDE = {5, 6, 7, 8}
UNITS = {3: "H", 4: "I"}  # SHORT and LONG, the types of all that is read here
_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}


class Entry(NamedTuple):
    """A field: its type, how many values, and the four bytes that hold them or where they are."""

    type: int
    values: int
    field: bytes


class Directory(NamedTuple):
    """The byte order as `struct` writes it, the wanted entries, and where the last value of any entry ends."""

    order: str
    entries: dict[int, Entry]
    end: int

    def number(self, tag: int) -> int | None:
        """The single number of an entry; None where it has none."""
        entry = self.entries.get(tag)
        if entry is None or entry.type not in UNITS or entry.values != 1:
            return None
        value: int = struct.unpack_from(self.order + UNITS[entry.type], entry.field)[0]
        return value


def directory(source: Source, wanted: Container[int]) -> Directory:
    """The first directory; the first entry of a tag counts. Raises NotReadable or Truncated."""
    header = source.read(0, 8)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(header[:4])
    if order is None or len(header) < 8:
        raise NotReadable("no TIFF header")
    (start,) = struct.unpack_from(f"{order}I", header, 4)
    count = source.read(start, 2)
    if start < 8 or len(count) < 2:
        raise NotReadable("no directory")
    (entries,) = struct.unpack(f"{order}H", count)
    if entries > MAX_ENTRIES:
        raise NotReadable(f"{entries} entries")
    found: dict[int, Entry] = {}
    end = 0
    # Behind the entries stands where the next directory is: a file that is cut there is cut.
    table = source.exactly(start + 2, entries * 12 + 4)[:-4]
    for tag, kind, number, field in struct.iter_unpack(f"{order}HHI4s", table):
        if tag in wanted:
            found.setdefault(tag, Entry(kind, number, field))
        length = number * _BYTES.get(kind, 1)
        if length > 4:
            end = max(end, length + int.from_bytes(field, "little" if order == "<" else "big"))
    return Directory(order, found, end)


def turns(source: Source) -> bool:
    """Whether EXIF data say that the picture is shown on its side. Broken ones say nothing, as in any viewer."""
    try:
        return directory(source, {ORIENTATION}).number(ORIENTATION) in ON_ITS_SIDE
    except (NotReadable, Truncated):
        return False
