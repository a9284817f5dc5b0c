"""Whether bytes are the picture or video that they are declared to be."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from cavendish.gemini.reader import BYTE_ORDER_MARK, Spilled, is_wide
from cavendish.http.problems import FieldError, Problem, clip, invalid, invalid_value
from generations.request.generation_request import Dialect, GenerationRequest, Kind
from generations.request.headers import NotReadable, Truncated, read_header
from generations.request.hints import listing
from generations.request.media_types import agree, plain_mime_type
from generations.request.sniff import HEAD_BYTES, sniff

IMAGE_TYPES = (
    "image/png", "image/jpeg", "image/webp", "image/heic", "image/heif", "image/gif", "image/bmp", "image/tiff",
)  # fmt: skip
VIDEO_TYPES = (
    "video/mp4", "video/mpeg", "video/mov", "video/avi", "video/x-flv", "video/webm", "video/wmv", "video/3gpp",
)  # fmt: skip
JSONL = "application/jsonl"
"""Requests of a batch, one a line. What it is called varies: "jsonl" is what Google's own samples say."""
JSONL_SUFFIXES = (".jsonl", ".ndjson")
_JSONL_NAMES = frozenset({
    "jsonl", JSONL, "application/x-jsonl", "application/jsonlines", "application/x-jsonlines", "application/x-ndjson",
    "application/ndjson", "text/jsonl", "text/x-jsonl",
})  # fmt: skip
_LONGEST_LINE = 1024 * 1024
_MOST_BLANK_LINES = 1000
# Nothing here decodes a picture; the limit protects whoever makes previews of them later.
MAX_PIXELS = 200_000_000


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What a file really is. Width and height in pixels as displayed, None for videos and where a HEIF tells none."""

    mime_type: str
    width: int | None
    height: int | None
    bytes: int
    sha256: str


def media_check(
    source: Path | Spilled,
    *,
    declared: str | None,
    kind: Kind | None,
    dialect: Dialect = "native",
    allowed: Collection[str] | None = None,
    pointer: str = "",
    field: str = "data",
) -> MediaInfo:
    """Looks into a file: type by its first bytes, size in pixels by its header, complete or not by its structure.

    `kind` None takes both. `allowed` narrows the types (a model's `input_mime_types`). A declared type that the bytes
    contradict is refused in the native dialect and corrected in the other. A Path is read once for its hash, a Spilled
    has one. Raises Problem 422 at `<pointer>/<field>` or `<pointer>/mime_type`.
    """
    path, size, sha256 = _facts(source)
    where = f"{pointer}/{field}"
    if size == 0:
        raise invalid_value(where, "empty", "It is empty; give the bytes of the file.")
    with path.open("rb") as file:
        mime_type = sniff(file.read(HEAD_BYTES))
    types = {"image": IMAGE_TYPES, "video": VIDEO_TYPES, None: IMAGE_TYPES + VIDEO_TYPES}[kind]
    noun = kind or "picture or video"
    if mime_type is None or mime_type not in types:
        looks = f"it looks like {mime_type}" if mime_type else "its bytes are of no known type"
        code = "not_an_image" if kind == "image" else "not_a_video" if kind == "video" else "not_media"
        taken = (*types, JSONL) if field == "file" else types
        raise invalid_value(where, code, f"This is no {noun} that is taken, {looks}; use {listing(taken)}.")
    if allowed is not None and mime_type not in {plain_mime_type(name) for name in allowed}:
        raise invalid_value(where, "not_supported", f"{mime_type} is not taken; use {listing(allowed)}.")
    if declared and dialect == "native" and not agree(declared, mime_type):
        detail = f'It is declared as "{clip(declared, 60)}", but the bytes are {mime_type}; use {mime_type}.'
        raise invalid_value(f"{pointer}/mime_type" if field != "file" else where, "mime_type_mismatch", detail)
    width, height = _pixels(path, mime_type, where)
    return MediaInfo(mime_type, width, height, size, sha256)


def upload_check(path: Path, *, declared: str | None, name: str, dialect: Dialect = "native") -> MediaInfo:
    """Does `media_check` of an uploaded file, which may also be the JSONL of a batch: by its declared type, its name or
    its bytes, which begin as nothing else does that is taken.

    Whether all lines are requests shows when a batch is made of it. Raises Problem 422.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    is_called_jsonl = name.lower().endswith(JSONL_SUFFIXES) or plain_mime_type(declared or "") in _JSONL_NAMES
    begins = head.removeprefix(BYTE_ORDER_MARK).lstrip()[:1] == b"{"
    if not is_called_jsonl and not begins:
        return media_check(path, declared=declared, kind=None, dialect=dialect, field="file")
    if is_wide(head):
        raise invalid_value("/file", "not_jsonl", "This JSONL is UTF-16 or UTF-32; save it as UTF-8.")
    if not begins or not (is_called_jsonl or _has_request(path)):
        raise invalid_value(
            "/file", "not_jsonl", 'This is no JSONL: a line is an object like {"key": …, "request": …}.'
        )
    _, size, sha256 = _facts(path)
    return MediaInfo(JSONL, None, None, size, sha256)


def _has_request(path: Path) -> bool:
    """Whether the first line is a request of a batch. One that is too long to be read here is believed."""
    with path.open("rb") as file:
        for _ in range(_MOST_BLANK_LINES):
            line = file.readline(_LONGEST_LINE)
            if line.strip().removeprefix(BYTE_ORDER_MARK):
                break
    if len(line) == _LONGEST_LINE:
        return True
    try:
        first = json.loads(line.removeprefix(BYTE_ORDER_MARK))
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and isinstance(first.get("request"), dict)


def inputs_check(parsed: GenerationRequest) -> dict[str, MediaInfo]:
    """Looks into all inline data of a request; returns what `media_check` does, by pointer.

    Raises one Problem 422 with every wrong one.
    """
    infos: dict[str, MediaInfo] = {}
    errors: list[FieldError] = []
    for media in parsed.media():
        if media.data is None:
            continue
        model = parsed.model
        try:
            infos[media.pointer] = media_check(
                media.data,
                declared=media.mime_type,
                kind=media.kind,
                dialect=parsed.dialect,
                allowed=model.input_mime_types if media.kind == "image" else model.video_mime_types,
                pointer=media.pointer,
            )
        except Problem as problem:
            errors += problem.errors
    if errors:
        raise invalid(errors)
    return infos


def _facts(source: Path | Spilled) -> tuple[Path, int, str]:
    if isinstance(source, Spilled):
        return source.path, source.size, source.sha256
    with source.open("rb") as file:
        return source, source.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def _pixels(path: Path, mime_type: str, where: str) -> tuple[int | None, int | None]:
    try:
        size = read_header(path, mime_type)
    except NotReadable:
        noun = mime_type.partition("/")[0]
        detail = f"It begins like {mime_type}, but cannot be read; give the unchanged bytes of the file."
        raise invalid_value(where, f"not_{'an_image' if noun == 'image' else 'a_video'}", detail) from None
    except Truncated:
        raise invalid_value(where, "truncated", f"This {mime_type} ends too early; send the whole file.") from None
    if size is None:
        return None, None
    if size[0] * size[1] > MAX_PIXELS:
        detail = f"The picture has {size[0]} × {size[1]} pixels; at most {MAX_PIXELS // 1_000_000} million are taken."
        raise invalid_value(where, "too_many_pixels", detail)
    return size
