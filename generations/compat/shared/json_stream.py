"""JSON that holds pictures, chunk by chunk: a 4K picture's base64 is never in memory whole."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pybase64
from django.core.files.uploadedfile import UploadedFile

from cavendish.storage import ObjectMissing, objects


@dataclass(frozen=True)
class StoredBase64:
    """Stands in a tree for the base64 of an object, behind a prefix."""

    key: str
    prefix: str = ""


def json_chunks(tree: Any) -> Iterator[bytes]:
    """`tree` as JSON, each StoredBase64 and each upload replaced by its bytes in base64.

    An erased object becomes an empty string.
    """
    pictures: list[StoredBase64 | UploadedFile[Any]] = []
    mark = secrets.token_hex(8)

    def mark_of(value: Any) -> str:
        if not isinstance(value, StoredBase64 | UploadedFile):
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


def _base64_chunks(picture: StoredBase64 | UploadedFile[Any]) -> Iterator[bytes]:
    rest = b""
    try:
        for chunk in objects().read(picture.key) if isinstance(picture, StoredBase64) else picture.chunks():
            rest += chunk
            # Three bytes are four characters: only the last chunk is padded.
            end = len(rest) - len(rest) % 3
            yield pybase64.b64encode(rest[:end])
            rest = rest[end:]
    except ObjectMissing:
        return
    yield pybase64.b64encode(rest)
