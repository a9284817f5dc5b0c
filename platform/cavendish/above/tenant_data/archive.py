"""A tar archive in parts (POSIX.1-2001, pax): each part holds whole entries, so parts in a row are one archive.

Only the last part carries the end mark, two empty blocks. Sizes stand in front of the bytes, so an object that turns
out shorter than its row says is filled up with zeros and reported.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

BLOCK = tarfile.BLOCKSIZE
END = bytes(2 * BLOCK)


class PartWriter:
    """Writes one part into a local file; `bytes` is its size so far, `entries` how many files it holds."""

    def __init__(self, path: Path, *, mtime: float) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.bytes = 0
        self.entries = 0
        self._mtime = int(mtime)
        self._file = path.open("wb")

    def __enter__(self) -> PartWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, name: str, data: bytes) -> None:
        self.add_stream(name, len(data), [data])

    def add_stream(self, name: str, size: int, chunks: Iterable[bytes]) -> int:
        """Adds an entry of exactly `size` bytes. Answers how many of them the chunks lacked."""
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = size, self._mtime, 0o644
        self._write(info.tobuf(format=tarfile.PAX_FORMAT))
        left = size
        for chunk in chunks:
            piece = chunk[:left]
            self._write(piece)
            left -= len(piece)
            if not left:
                break
        self._fill(left)
        self._fill(-size % BLOCK)
        self.entries += 1
        return left

    def end(self) -> None:
        """Marks the end of the archive."""
        self._write(END)

    def _fill(self, count: int) -> None:
        while count:
            zeros = bytes(min(count, 1024 * 1024))
            self._write(zeros)
            count -= len(zeros)

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self.bytes += len(data)
