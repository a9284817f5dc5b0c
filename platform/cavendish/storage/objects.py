from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from django.conf import settings
from django.core.files import File

from cavendish.boot.config import ConfigurationError

CHUNK = 256 * 1024


class ObjectMissing(Exception):
    """No object under this key: it was erased, or the store was swapped."""


class StorageAway(Exception):
    """The store cannot be reached now; the same call may work later."""


def is_outage(error: BaseException) -> bool:
    """Whether an error of a store is its absence, and not a mistake of the caller's."""
    package = type(error).__module__.partition(".")[0]
    return isinstance(error, OSError | StorageAway) or package in {"botocore", "boto3", "s3transfer"}


@dataclass(frozen=True)
class Stored:
    """An object as a listing gives it. `modified` in seconds since 1970."""

    key: str
    bytes: int
    modified: float


class Objects(Protocol):
    """What the platform asks of a store."""

    def keep(self, path: Path, key: str) -> None:
        """Moves a local file into the store; the same key with the same bytes may be kept twice."""

    def read(self, key: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes in chunks, `length` of them from `start` on or all that follow. Raises ObjectMissing."""

    def local_path(self, key: str) -> Path | None:
        """Where the bytes lie on this machine, if they do."""

    def delete(self, key: str) -> None:
        """Deletes; an absent key is fine."""

    def listing(self, prefix: str) -> Iterator[Stored]:
        """What lies below a prefix that ends with "/", in the order of the keys' bytes, without holding all of it."""


class LocalObjects:
    """Objects as files below one folder. Keeping is a rename where spool and store share a file system."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def keep(self, path: Path, key: str) -> None:
        target = self.root / key
        target.parent.mkdir(parents=True, exist_ok=True)
        # A job is settled against these bytes: they must survive a power cut before PostgreSQL says so.
        with path.open("rb") as source:
            os.fsync(source.fileno())
        try:
            path.rename(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            part = target.with_name(target.name + ".part")
            shutil.copyfile(path, part)
            with part.open("rb") as copied:
                os.fsync(copied.fileno())
            part.rename(target)
            path.unlink()

    def read(self, key: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        try:
            source = (self.root / key).open("rb")
        except FileNotFoundError:
            raise ObjectMissing(key) from None
        with source:
            source.seek(start)
            left = length
            while chunk := source.read(CHUNK if left is None else min(CHUNK, left)):
                left = None if left is None else left - len(chunk)
                yield chunk

    def local_path(self, key: str) -> Path | None:
        return self.root / key

    def delete(self, key: str) -> None:
        (self.root / key).unlink(missing_ok=True)

    def listing(self, prefix: str) -> Iterator[Stored]:
        try:
            with os.scandir(self.root / prefix) as found:
                # "a/b" comes after "a.b": a folder's place among its neighbours is that of its name with the slash
                entries = sorted((entry.name + "/" * entry.is_dir(), entry) for entry in found)
        except FileNotFoundError:
            return
        for name, entry in entries:
            if name.endswith("/"):
                yield from self.listing(prefix + name)
                continue
            try:
                stat = entry.stat()
            except FileNotFoundError:  # deleted since the folder was read
                continue
            yield Stored(prefix + name, stat.st_size, stat.st_mtime)


class RemoteObjects:
    """Objects in a bucket, through django-storages."""

    def __init__(self, storage: Any) -> None:
        self.storage = storage

    def keep(self, path: Path, key: str) -> None:
        with path.open("rb") as source:
            self.storage.save(key, File(source))
        path.unlink(missing_ok=True)

    def read(self, key: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        if length == 0:
            return
        try:
            found = self.storage.open(key, "rb").obj
        except FileNotFoundError:
            raise ObjectMissing(key) from None
        # Not read() of that file: it would fetch the whole object into memory before it gives the first byte.
        asked = {} if not start and length is None else {"Range": _range(start, length)}
        with closing(found.get(**asked)["Body"]) as body:
            yield from body.iter_chunks(CHUNK)

    def local_path(self, key: str) -> Path | None:
        return None

    def delete(self, key: str) -> None:
        self.storage.delete(key)

    def listing(self, prefix: str) -> Iterator[Stored]:
        base = f"{self.storage.location}/" if self.storage.location else ""
        for found in self.storage.bucket.objects.filter(Prefix=base + prefix):
            yield Stored(found.key.removeprefix(base), found.size, found.last_modified.timestamp())


def _range(start: int, length: int | None) -> str:
    """As HTTP names bytes: the last one is included."""
    return f"bytes={start}-" if length is None else f"bytes={start}-{start + length - 1}"


def objects_at(url: str) -> Objects:
    """The store that a URL names. Raises ConfigurationError for a scheme that is not known."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return LocalObjects(Path(unquote(parts.path)))
    if parts.scheme == "s3":
        from storages.backends.s3 import S3Storage  # boto3 takes 80 MB and half a second: only who needs it pays

        options = dict(parse_qsl(parts.query))
        return RemoteObjects(
            S3Storage(
                bucket_name=parts.netloc,
                location=parts.path.strip("/"),
                file_overwrite=True,
                default_acl=None,
                **options,
            )
        )
    raise ConfigurationError(f"STORAGE_URL starts with {parts.scheme!r}; it takes file:///path or s3://bucket/prefix.")


@cache
def objects() -> Objects:
    """The store of the settings."""
    return objects_at(settings.STORAGE_URL)
