"""Files for the pictures of a document: numbered files of one directory, hashed while they are written."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cavendish.gemini.reader._errors import TooLarge

# Every manifest store of Content Credentials begins with a box of this type, a UUID that lies in one piece (C2PA
# specification 2.x, section 11). Looking for its first four letters alone, which are the box's name as well, would cost
# nine times as much: 0.8 ms for 1.4 MB, as much as SHA-256.
_C2PA_MARK = bytes.fromhex("63327061 0011 0010 8000 00aa00389b71")
_OVERLAP = len(_C2PA_MARK) - 1

# The C library's search takes a third of the time of Python's, and leaves the interpreter to others meanwhile.
_memmem = getattr(ctypes.CDLL(None), "memmem", None)
if _memmem is not None:
    _memmem.restype = ctypes.c_void_p
    _memmem.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t)


def _has_mark(data: bytes) -> bool:
    if _memmem is None:
        return _C2PA_MARK in data
    return _memmem(data, len(data), _C2PA_MARK, len(_C2PA_MARK)) is not None


@dataclass(frozen=True)
class Spilled:
    """A string that was decoded into a file. `size` (bytes) and `sha256` (hex) are those of the decoded bytes."""

    path: Path
    size: int
    sha256: str
    c2pa_hint: bool
    """The bytes contain a mark of Content Credentials, which only a C2PA library can validate."""


@dataclass(frozen=True)
class SpilledUrl(Spilled):
    """What a data URL held. `media_type` is what it says of it, with its parameters."""

    media_type: str


class SpoolSink:
    """Spills into `directory`, which is created with the first picture. The limits count everything ever spilled."""

    def __init__(self, directory: Path, *, max_bytes: int, max_files: int = 256) -> None:
        self.directory = directory
        self.max_bytes = max_bytes
        self.max_files = max_files
        self._bytes = 0
        self._files = 0

    def open(self, pointer: str) -> Spill:
        """Returns a new file for the string at `pointer`. Raises TooLarge."""
        if self._files >= self.max_files:
            raise TooLarge(f"more than {self.max_files} pictures or files in one document", self.max_files, pointer)
        if not self._files:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            self._files += 1
            path = self.directory / f"{self._files:04d}"
            try:
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            except FileExistsError:  # an earlier document has pictures here
                continue
            return Spill(self, path, handle, pointer)

    def count(self, size: int, pointer: str) -> None:
        """Counts bytes that are written. Raises TooLarge."""
        self._bytes += size
        if self._bytes > self.max_bytes:
            raise TooLarge(f"more than {self.max_bytes} bytes of pictures or files", self.max_bytes, pointer)


class Spill:
    """One file while it is written."""

    def __init__(self, sink: SpoolSink, path: Path, handle: int, pointer: str) -> None:
        self._sink = sink
        self._handle: int | None = handle
        self._pointer = pointer
        self._hash = hashlib.sha256()
        self._tail = b""
        self._hint = False
        self._size = 0
        self.path = path

    def write(self, decoded: bytes) -> None:
        if not decoded or self._handle is None:
            return
        self._sink.count(len(decoded), self._pointer)
        self._size += len(decoded)
        self._hash.update(decoded)
        if not self._hint:
            self._search_mark(decoded)
        written = os.write(self._handle, decoded)
        while written < len(decoded):
            written += os.write(self._handle, memoryview(decoded)[written:])

    def finish(self, media_type: str | None = None) -> Spilled:
        """Closes the file and returns what it contains; with the `media_type` of a data URL as its content."""
        self._close()
        digest = self._hash.hexdigest()
        if media_type is not None:
            return SpilledUrl(self.path, self._size, digest, self._hint, media_type)
        return Spilled(self.path, self._size, digest, self._hint)

    def discard(self) -> None:
        """Deletes the file, finished or not."""
        self._close()
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()

    def _close(self) -> None:
        if self._handle is not None:
            handle, self._handle = self._handle, None
            os.close(handle)

    def _search_mark(self, decoded: bytes) -> None:
        border = self._tail + decoded[:_OVERLAP]
        self._hint = _C2PA_MARK in border or _has_mark(decoded)
        self._tail = decoded[-_OVERLAP:] if len(decoded) >= _OVERLAP else border[-_OVERLAP:]
