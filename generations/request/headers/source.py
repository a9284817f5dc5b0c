"""The bytes of a file by position, in small pieces and a bounded number of them."""

from __future__ import annotations

from typing import BinaryIO

Size = tuple[int, int]
"""Width and height in pixels."""

MAX_PIECE = 128 * 1024
"""Bytes that one read may take. No header needs more at once, and nothing larger is ever in memory."""
FREE_PARTS = 4096
BYTES_PER_PART = 4096
"""A file may have FREE_PARTS and one more for each so many bytes. Real ones have some hundred chunks, markers or boxes,
or as many as their length pays for; one that is made of empty ones is refused before it costs time."""
_WINDOW = 256 * 1024


class NotReadable(Exception):
    """The file is not what its first bytes promise, or is built so that reading it would cost too much."""


class Truncated(Exception):
    """The file ends before the picture does. `size` is set where its header could be read."""

    def __init__(self, size: Size | None = None) -> None:
        super().__init__()
        self.size = size


class Source:
    """A file, or a part of it with positions of its own. Both share how many parts may still be looked at."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.size = size
        self._file = file
        self._start = 0
        self._left = [FREE_PARTS + size // BYTES_PER_PART]

    def part(self, start: int, length: int) -> Source:
        """The `length` bytes from `start`, or fewer where the file ends before."""
        part = object.__new__(Source)
        part.size = max(0, min(length, self.size - start))
        part._file, part._start, part._left = self._file, self._start + start, self._left
        return part

    def spend(self) -> None:
        """Counts one chunk, marker, box or entry. Raises NotReadable when there are too many for the file's length."""
        if not self._left[0]:
            raise NotReadable("too many parts")
        self._left[0] -= 1

    def read(self, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start`; fewer at the end. Counts as a part."""
        if length > MAX_PIECE:
            raise NotReadable(f"{length} bytes at once")
        self.spend()
        length = min(length, self.size - start)
        if start < 0 or length <= 0:
            return b""
        self._file.seek(self._start + start)
        return self._file.read(length)

    def exactly(self, start: int, length: int) -> bytes:
        """`read` that raises Truncated where the file ends before."""
        piece = self.read(start, length)
        if len(piece) < length:
            raise Truncated
        return piece

    def rfind(self, mark: bytes, start: int) -> int:
        """Where `mark` occurs last at or behind `start`, -1 where it does not: one pass from the end, in windows."""
        end = self.size
        while end - start >= len(mark):
            begin = max(start, end - _WINDOW)
            self._file.seek(self._start + begin)
            at = self._file.read(end - begin).rfind(mark)
            if at >= 0:
                return begin + at
            if begin == start:
                break
            end = begin + len(mark) - 1
        return -1
