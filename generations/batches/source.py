"""The items of a batch: where each stands in the bytes that were sent, inline or as a JSONL file, and its name."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from cavendish.db.storable import storable
from cavendish.gemini.reader import BYTE_ORDER_MARK, is_wide
from cavendish.http.problems import bad_request, invalid_value, too_large
from cavendish.storage import ObjectMissing, objects
from generations.batches.json_scan import NotJson, Text, blank_end, elements, members, value_parse
from generations.request import Dialect, Readable

CHUNK = 256 * 1024
MAX_KEY = 255
_MAX_VALUE_BYTES = 16 * 1024
# How much of a mapped file may stay in memory behind the line that is read.
_MAX_BYTES_BEHIND = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ItemSpan:
    """One item: `{"key", "request", "metadata"}` as JSON at these bytes."""

    key: str
    metadata: dict[str, Any] | None
    start: int
    length: int


def body_spool(stream: Readable, path: Path, *, max_bytes: int) -> None:
    """Writes the JSON body to a file as it arrives, without a byte order mark. Raises Problem 413, and 400 for a body
    in UTF-16.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    size = 0
    with path.open("wb") as file:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > max_bytes:
                raise too_large(
                    f"The body is larger than {max_bytes} bytes; upload a JSONL file and send its id.", limit=max_bytes
                )
            if size == len(chunk):
                if is_wide(chunk):
                    raise bad_request("malformed_json", "The body is UTF-16 or UTF-32; send UTF-8.")
                chunk = chunk.removeprefix(BYTE_ORDER_MARK)
            file.write(chunk)


@contextmanager
def file_mapped(path: Path) -> Iterator[Text]:
    """Yields the file mapped into memory that the system may take back at any time."""
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            yield b""
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            yield view


@contextmanager
def object_mapped(key: str, spool: Path) -> Iterator[Text]:
    """Yields a stored object as `file_mapped` does a file, fetched into the spool first where it lies elsewhere.

    Raises ObjectMissing.
    """
    path = objects().local_path(key)
    if path is None:
        spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = spool / "input"
        with path.open("wb") as file:
            for chunk in objects().read(key):
                file.write(chunk)
    elif not path.exists():
        raise ObjectMissing(key)
    with file_mapped(path) as text:
        yield text


def member_spans(text: Text) -> dict[str, tuple[int, int]]:
    """Where the values of the one object that `text` is begin and end, by their names. Raises Problem 400."""
    end = len(text)
    try:
        return {name: (start, after) for name, start, after in members(text, blank_end(text, 0, end), end)}
    except NotJson:
        raise bad_request("malformed_json", "The body is not a JSON object.") from None


def list_spans(text: Text, start: int, end: int, *, pointer: str) -> list[ItemSpan]:
    """The items of the list at these bytes. Raises Problem: 400 for what is no JSON, 422 for none or too many."""
    try:
        if text[start : start + 1] != b"[":
            raise invalid_value(pointer, "wrong_type", 'It takes a list of {"key": …, "request": {…}}.')
        return _counted((_span(text, *span) for span in elements(text, start, end)), pointer)
    except NotJson:
        raise bad_request("malformed_json", "The body is not JSON.") from None


def line_spans(text: Text, *, pointer: str) -> list[ItemSpan]:
    """The items of a JSONL file: its lines but blank ones. Raises Problem 422 for none or too many."""
    return _counted(_lines(text), pointer)


def _lines(text: Text) -> Iterator[ItemSpan]:
    at, size, dropped = len(BYTE_ORDER_MARK) if text[: len(BYTE_ORDER_MARK)] == BYTE_ORDER_MARK else 0, len(text), 0
    while at < size:
        after = text.find(b"\n", at)
        after = size if after < 0 else after
        start = blank_end(text, at, after)
        if start < after:
            yield _span(text, start, after)
        at = after + 1
        if isinstance(text, mmap.mmap) and at - dropped > _MAX_BYTES_BEHIND:
            pages = (at - dropped) // mmap.PAGESIZE * mmap.PAGESIZE
            text.madvise(mmap.MADV_DONTNEED, dropped, pages)
            dropped += pages


def _counted(items: Iterator[ItemSpan], pointer: str) -> list[ItemSpan]:
    most = settings.MAX_BATCH_ITEMS
    spans: list[ItemSpan] = []
    for span in items:
        spans.append(span)
        if len(spans) > most:
            raise invalid_value(pointer, "too_many", f"A batch has at most {most} items; send several batches.")
    if not spans:
        raise invalid_value(pointer, "too_short", "A batch has at least one item.")
    return spans


def _span(text: Text, start: int, end: int) -> ItemSpan:
    """The item between two bytes. One that is no JSON gets no name here, and fails when its turn comes."""
    key, metadata = "", None
    try:
        if text[start : start + 1] == b"{":
            for name, begin, after in members(text, start, end):
                if name == "key" and after - begin <= _MAX_VALUE_BYTES:
                    key = _text(value_parse(text, begin, after))
                elif name == "metadata" and after - begin <= _MAX_VALUE_BYTES:
                    value = value_parse(text, begin, after)
                    metadata = storable(value) if isinstance(value, dict) else None
    except NotJson:
        pass
    if not key and metadata:
        key = _text(metadata.get("key"))
    return ItemSpan(key, metadata, start, end - start)


def _text(value: Any) -> str:
    if not isinstance(value, str | int) or isinstance(value, bool):
        return ""
    return str(storable(str(value)))[:MAX_KEY]


def request_of(tree: dict[str, Any], dialect: Dialect) -> dict[str, Any]:
    """The request that an item, as `body_read` returns it, holds. Raises Problem 422."""
    request = tree.get("request")
    if not isinstance(request, dict):
        code = "required" if request is None else "wrong_type"
        raise invalid_value("/request", code, 'An item is {"key": "…", "request": {…}}.')
    unknown = [name for name in tree if name not in {"key", "request"}]
    if unknown and dialect == "native":
        raise invalid_value(f"/{unknown[0]}", "unknown_field", 'An item is {"key": "…", "request": {…}}.')
    return request
