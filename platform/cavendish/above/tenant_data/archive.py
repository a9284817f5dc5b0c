"""A tar archive in parts (POSIX.1-2001, pax): each part contains whole entries, so parts in a row are one archive.

Only the last part has the end mark, two empty blocks. An entry's size precedes its bytes, so an object that turns out
shorter than its row says is padded with zeros and reported.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

BLOCK = tarfile.BLOCKSIZE
END = bytes(2 * BLOCK)


class PartWriter:
    """Writes one part into a local file; `bytes` is its size so far, `entries` how many files it contains."""

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
        """Adds an entry."""
        self.add_stream(name, len(data), [data])

    def add_stream(self, name: str, size: int, chunks: Iterable[bytes]) -> int:
        """Adds an entry of exactly `size` bytes. Returns how many of them the chunks lacked."""
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = size, self._mtime, 0o644
        self._write(info.tobuf(format=tarfile.PAX_FORMAT))
        left = size
        for chunk in chunks:
            data = chunk[:left]
            self._write(data)
            left -= len(data)
            if not left:
                break
        self._pad(left)
        self._pad(-size % BLOCK)
        self.entries += 1
        return left

    def finish(self) -> None:
        """Writes the mark that ends the archive."""
        self._write(END)

    def _pad(self, count: int) -> None:
        while count:
            zeros = bytes(min(count, 1024 * 1024))
            self._write(zeros)
            count -= len(zeros)

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self.bytes += len(data)
