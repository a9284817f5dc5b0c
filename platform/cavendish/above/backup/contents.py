"""What a backup's folder holds, and whether it still holds it: a manifest, and the checksum of each file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from cavendish.up.files import write_private

FORMAT = 1
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
DUMP = "database.dump"
SECRETS = "secrets.json"
OBJECTS = "objects"
CHUNK = 1024 * 1024


class BackupError(Exception):
    """A backup that cannot be written, or not be restored; the message says why, and what would be right."""


@dataclass(frozen=True)
class Manifest:
    """Written last: a folder without one is no backup. `transaction` is how far the server had counted."""

    format: int
    version: str
    created_at: str
    server: str
    transaction: int
    objects: int
    bytes: int
    sums_sha256: str

    def write(self, folder: Path) -> None:
        write_private(folder / MANIFEST, json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Returns the manifest of a backup whose list of checksums is whole. Raises BackupError."""
        try:
            manifest = cls(**json.loads((folder / MANIFEST).read_text()))
        except FileNotFoundError:
            raise BackupError(f"{folder} has no {MANIFEST}: it is no backup, or one that was not finished.") from None
        except (OSError, ValueError, TypeError):
            raise BackupError(f"{folder / MANIFEST} cannot be read.") from None
        if manifest.format != FORMAT:
            raise BackupError(f"{folder} has the format {manifest.format}; this version reads {FORMAT}.")
        if not (folder / SUMS).is_file() or sha256_of(folder / SUMS) != manifest.sums_sha256:
            raise BackupError(f"{folder / SUMS} is not as it was written.")
        return manifest


def sums(folder: Path) -> Iterator[tuple[str, str]]:
    """Yields the name of each file and its SHA-256, as `sha256sum --check` reads them."""
    with (folder / SUMS).open() as file:
        for line in file:
            digest, _, name = line.rstrip("\n").partition("  ")
            yield name, digest


def sha256_of(path: Path) -> str:
    """Returns the SHA-256 of a file. Raises BackupError where it is not there."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror}.") from None


def refuse_changed(folder: Path, name: str, digest: str) -> None:
    """Raises BackupError for a file that is not as it was written."""
    if sha256_of(folder / name) != digest:
        raise BackupError(f"{folder / name} is not as it was written. Take another backup.")
