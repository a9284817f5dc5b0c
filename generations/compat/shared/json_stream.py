"""JSON that holds pictures, chunk by chunk: a 4K picture's base64 is never in memory whole."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pybase64
from django.core.files.uploadedfile import UploadedFile

from cavendish.gemini.reader import Spilled
from cavendish.storage import ObjectMissing, objects

CHUNK_BYTES = 3 * 128 * 1024
"""Three bytes are four characters: a picture's chunks are encoded as they are, and only the last one is padded."""


@dataclass(frozen=True)
class StoredBase64:
    """Stands in a tree for the base64 of an object, behind a prefix."""

    key: str
    prefix: str = ""


Picture: TypeAlias = "StoredBase64 | UploadedFile[Any] | Spilled"


def json_chunks(tree: Any) -> Iterator[bytes]:
    """`tree` as JSON, each StoredBase64, upload and Spilled replaced by its bytes in base64.

    An erased object becomes an empty string.
    """
    pictures: list[Picture] = []
    mark = secrets.token_hex(8)

    def mark_of(value: Any) -> str:
        if not isinstance(value, StoredBase64 | UploadedFile | Spilled):
            raise TypeError(f"{type(value).__name__} is no JSON")
        pictures.append(value)
        return mark

    parts = json.dumps(tree, default=mark_of, ensure_ascii=False, separators=(",", ":")).split(mark)
    for part, picture in zip(parts, [*pictures, None], strict=True):
        yield part.encode()
        if isinstance(picture, StoredBase64):
            yield picture.prefix.encode()
        if picture is not None:
            yield from _base64_chunks(picture)


def _base64_chunks(picture: Picture) -> Iterator[bytes]:
    rest = b""
    try:
        for chunk in _bytes_of(picture):
            rest += chunk
            # Three bytes are four characters: only the last chunk is padded.
            end = len(rest) - len(rest) % 3
            yield pybase64.b64encode(rest[:end])
            rest = rest[end:]
    except ObjectMissing:
        return
    yield pybase64.b64encode(rest)


def _bytes_of(picture: Picture) -> Iterable[bytes]:
    """Raises ObjectMissing for an erased object."""
    if isinstance(picture, StoredBase64):
        # The client has it with this answer.
        return objects().read(picture.key, once=True)
    return picture.chunks() if isinstance(picture, UploadedFile) else _file_chunks(picture.path)


def _file_chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
