"""The stores that STORAGE_URL can name, and what the platform needs of them."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from django.conf import settings
from django.core.files import File

from cavendish.boot.config import ConfigurationError
from cavendish.storage.spool import folder_fault
from cavendish.storage.timed import TimedObjects

CHUNK = 3 * 128 * 1024
"""Bytes of a read. Three are four characters of base64, so what is sent as such needs nothing put together."""
LONGEST_ADDRESS = 7 * 86_400
"""Seconds: S3 takes no signature of its version 4 that is valid for longer."""
OBJECT_PARAMETERS = {
    "server_side_encryption": "ServerSideEncryption",
    "sse_kms_key_id": "SSEKMSKeyId",
    "storage_class": "StorageClass",
}
"""Options of STORAGE_URL that each upload says, by S3's names of them."""
ERASE_SECONDS = 1.0
"""What a run of the scheduler that erases objects may take, since a store may take long for each; the next goes on."""


class ObjectMissing(Exception):
    """There is no object with this key: it was erased, or the store was replaced."""


class StorageAway(Exception):
    """The store cannot be reached now; the same call may work later."""


def is_outage(error: BaseException) -> bool:
    """Returns whether an error means that the store cannot be reached, rather than a mistake of the caller."""
    package = type(error).__module__.partition(".")[0]
    return isinstance(error, OSError | StorageAway) or package in {"botocore", "boto3", "s3transfer"}


@dataclass(frozen=True)
class Stored:
    """An object in a listing. `modified` is in seconds since 1970."""

    key: str
    bytes: int
    modified: float


class Objects(Protocol):
    """What the platform needs of a store."""

    def keep(self, path: Path, key: str) -> None:
        """Moves a local file into the store. Repeating it with the same key and bytes is fine."""

    def read(self, key: str, *, start: int = 0, length: int | None = None, once: bool = False) -> Iterator[bytes]:
        """Yields the bytes in chunks: `length` of them from `start` on, or all that follow. Raises ObjectMissing.

        `once`: nobody is likely to read them again soon.
        """

    def local_path(self, key: str) -> Path | None:
        """Returns the path of the bytes on this machine, or None where they are elsewhere."""

    def address(self, key: str, *, seconds: int, mime_type: str, disposition: str) -> str | None:
        """Returns where a client reads the bytes itself for so long, None where they pass through this process."""

    def delete(self, key: str) -> None:
        """Deletes an object. An absent key is no error."""

    def fault(self) -> str:
        """Returns why the store takes nothing, empty where it does; raises what means an outage (is_outage)."""

    def listing(self, prefix: str) -> Iterator[Stored]:
        """Yields the objects below a prefix that ends with "/", in the order of the keys' bytes, page by page."""


@contextmanager
def _away() -> Iterator[None]:
    """A disk that refuses is a store that is away: what was asked for is right, and may be asked for again."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StorageAway(error.strerror) from error


def _forget(file: int) -> None:
    """Has the system keep no copy of a file in memory: the next picture has that place, and nothing else is put out."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)


class LocalObjects:
    """Objects as files below one folder. `keep` renames the file where spool and store share a file system."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def keep(self, path: Path, key: str) -> None:
        target = self.root / key
        with _away():
            target.parent.mkdir(parents=True, exist_ok=True)
        # A job is settled against these bytes: they must survive a power cut before PostgreSQL records it.
        with path.open("rb", buffering=0) as source:
            os.fsync(source.fileno())
        with _away():
            try:
                path.rename(target)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                partial = target.with_name(target.name + ".part")
                shutil.copyfile(path, partial)
                with partial.open("rb") as copy:
                    os.fsync(copy.fileno())
                partial.rename(target)
                path.unlink()

    def read(self, key: str, *, start: int = 0, length: int | None = None, once: bool = False) -> Iterator[bytes]:
        try:
            with _away():
                source = (self.root / key).open("rb")
        except FileNotFoundError:
            raise ObjectMissing(key) from None
        with source:
            source.seek(start)
            left = length
            try:
                while chunk := source.read(CHUNK if left is None else min(CHUNK, left)):
                    left = None if left is None else left - len(chunk)
                    yield chunk
            finally:
                if once:
                    _forget(source.fileno())

    def local_path(self, key: str) -> Path | None:
        return self.root / key

    def address(self, key: str, *, seconds: int, mime_type: str, disposition: str) -> str | None:
        return None

    def delete(self, key: str) -> None:
        with _away():
            (self.root / key).unlink(missing_ok=True)

    def fault(self) -> str:
        return folder_fault(self.root)

    def listing(self, prefix: str) -> Iterator[Stored]:
        try:
            with os.scandir(self.root / prefix) as directory:
                # "a/b" comes after "a.b": a folder is ordered by its name with the slash.
                entries = sorted((entry.name + "/" * entry.is_dir(), entry) for entry in directory)
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
    """Objects in a bucket, through django-storages. Large ones are uploaded in parts, as boto3 does it.

    `direct` is the same bucket at the address at which clients reach it (STORAGE_DIRECT_URL).
    """

    def __init__(self, storage: Any, direct: Any = None) -> None:
        self.storage = storage
        self._direct = direct

    def keep(self, path: Path, key: str) -> None:
        with path.open("rb") as source:
            self.storage.save(key, File(source))
        path.unlink(missing_ok=True)

    def read(self, key: str, *, start: int = 0, length: int | None = None, once: bool = False) -> Iterator[bytes]:
        if length == 0:
            return
        try:
            remote = self.storage.open(key, "rb").obj
        except FileNotFoundError:
            raise ObjectMissing(key) from None
        # Not read() of that file: it would fetch the whole object into memory before it returns the first byte.
        options = {} if not start and length is None else {"Range": _range(start, length)}
        with closing(remote.get(**options)["Body"]) as body:
            yield from body.iter_chunks(CHUNK)

    def local_path(self, key: str) -> Path | None:
        return None

    def address(self, key: str, *, seconds: int, mime_type: str, disposition: str) -> str | None:
        if self._direct is None:
            return None
        parameters = {
            "ResponseContentType": mime_type,
            "ResponseContentDisposition": disposition,
            "ResponseCacheControl": f"private, max-age={seconds}, immutable",
        }
        url: str = self._direct.url(key, parameters=parameters, expire=min(seconds, LONGEST_ADDRESS))
        return url

    def delete(self, key: str) -> None:
        self.storage.delete(key)

    def fault(self) -> str:
        self.storage.exists("readiness")  # one request, which needs the bucket and the right to read in it
        return ""

    def listing(self, prefix: str) -> Iterator[Stored]:
        base = f"{self.storage.location}/" if self.storage.location else ""
        for remote in self.storage.bucket.objects.filter(Prefix=base + prefix):
            yield Stored(remote.key.removeprefix(base), remote.size, remote.last_modified.timestamp())


def _range(start: int, length: int | None) -> str:
    """Returns the Range header's value, in which the last byte is inclusive."""
    return f"bytes={start}-" if length is None else f"bytes={start}-{start + length - 1}"


def objects_at(url: str, *, direct_url: str = "") -> Objects:
    """Returns the store that a URL names. Raises ConfigurationError for an unknown scheme."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return LocalObjects(Path(unquote(parts.path)))
    if parts.scheme == "s3":
        from storages.backends.s3 import S3Storage  # boto3 costs 80 MB and half a second, which only S3 needs

        options: dict[str, Any] = dict(parse_qsl(parts.query))
        uploaded = {name: options.pop(ours) for ours, name in OBJECT_PARAMETERS.items() if ours in options}
        options = {
            "bucket_name": parts.netloc,
            "location": parts.path.strip("/"),
            "file_overwrite": True,
            "default_acl": None,
            "object_parameters": uploaded,
            **options,
        }
        direct = (
            S3Storage(**options | {"endpoint_url": direct_url, "signature_version": "s3v4"}) if direct_url else None
        )
        return RemoteObjects(S3Storage(**options), direct)
    raise ConfigurationError(f"STORAGE_URL starts with {parts.scheme!r}; use file:///path or s3://bucket/prefix.")


@cache
def objects() -> Objects:
    """Returns the store that STORAGE_URL names, with its calls counted."""
    return cast(Objects, TimedObjects(objects_at(settings.STORAGE_URL, direct_url=settings.STORAGE_DIRECT_URL)))
