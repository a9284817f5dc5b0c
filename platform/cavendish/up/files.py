"""Private files, written atomically and readable by their owner only; and a lock that ends with its process."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Replaces the file by `text`, mode 0600. A reader sees the old file or the new one, never a part."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def is_inside(name: object, folder: Path) -> bool:
    """Returns whether an error's `filename` is that of the folder or of what is below it."""
    return isinstance(name, str | Path) and Path(name).is_relative_to(folder)


def private_folder(path: Path) -> Path:
    """Returns the folder, created with mode 0700 when it is missing; an existing one keeps its mode."""
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def tail(path: Path, lines: int = 12) -> str:
    """Returns the last lines of a log, for an error message; an empty text when there is none."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 16_384))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    return ""


def rotate(path: Path, limit: int) -> None:
    """Moves the contents of a log of more than `limit` bytes to `<name>.1`, in place.

    The writer keeps its descriptor, which appends, so it continues at the new end. Lines written between the copy and
    the truncation are lost, which is acceptable for a log.
    """
    with contextlib.suppress(OSError):
        if path.stat().st_size <= limit:
            return
        older = path.with_name(f"{path.name}.1")
        older.unlink(missing_ok=True)
        handle = os.open(older, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as target, path.open("rb") as source:
            while chunk := source.read(1024 * 1024):
                target.write(chunk)
        os.truncate(path, 0)


class Lock:
    """An exclusive flock on a file that names its holder. The kernel releases it when the process ends or is killed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def take(self) -> bool:
        """Takes the lock. Returns False when another process holds it; `holder()` then returns what that one noted."""
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._handle = handle
        return True

    def note(self, text: str) -> None:
        """Writes for other processes who holds the lock."""
        assert self._handle is not None, "note() belongs to the holder"
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, text.encode(), 0)

    def holder(self) -> str:
        """Returns what the holder noted; an empty text where it noted nothing."""
        with contextlib.suppress(OSError):
            return self.path.read_text().strip()
        return ""

    def release(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
