"""Bytes of unfinished uploads in the spool."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from django.conf import settings

from cavendish.http.problems import Problem, too_large
from generations.compat.gemini.files.upload_ids import LIFETIME
from generations.request import Readable

CHUNK = 256 * 1024


class WrongOffset(Problem):
    """The bytes begin beyond the end of those that are here; the command `query` returns where to go on."""

    CODE = "wrong_offset"

    def __init__(self, received: int) -> None:
        super().__init__(400, self.CODE, f"{received} bytes are here: go on from X-Goog-Upload-Offset: {received}.")


class UploadPart:
    """The bytes of one upload that are here. `append` and what follows it happen inside `locked`."""

    def __init__(self, upload: UUID) -> None:
        self.path = _folder() / upload.hex

    def size(self) -> int:
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lets one writer at a time go on, in whatever process."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            with self.path.open("ab") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                # Whoever held the lock may have moved the part into the store: that file is no longer ours to change.
                if not self._is(file.fileno()):
                    continue
                yield
                return

    def append(self, stream: Readable, offset: int, *, limit: int) -> None:
        """Appends bytes from `offset` on; those that came before, with an answer that was lost, are passed over.

        Raises WrongOffset, and Problem 413 where the part would grow beyond `limit` bytes; then it is as before.
        """
        size = self.size()
        if offset > size:
            raise WrongOffset(size)
        known = size - offset
        with self.path.open("r+b") as file:
            file.seek(size)
            while chunk := stream.read(CHUNK):
                fresh = chunk[known:]
                known = max(0, known - len(chunk))
                if file.tell() + len(fresh) > limit:
                    file.truncate(size)
                    raise too_large(f"More than the announced or allowed {limit} bytes came.", limit=limit)
                file.write(fresh)

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)

    def _is(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(self.path.stat(), os.fstat(descriptor))
        except FileNotFoundError:
            return False


def parts_expire() -> None:
    """Deletes what was never finished. Called when an upload starts: only uploads make these files."""
    too_old = time.time() - LIFETIME
    if not _folder().is_dir():
        return
    for path in _folder().iterdir():
        try:
            if path.stat().st_mtime < too_old:
                path.unlink()
        except FileNotFoundError:
            continue


def _folder() -> Path:
    return Path(settings.SPOOL_DIR) / "uploads"
