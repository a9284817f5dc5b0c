"""The results of a batch as one ZIP archive: its pictures byte for byte, and `results.jsonl`. Written as it is read.

The archive is never in memory, nor on a disk: a picture passes through in chunks. Its lines wait in a temporary file,
because two entries of an archive cannot be open at once.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Generator, Iterator
from typing import Any, cast

from cavendish.storage import ObjectMissing, objects
from generations.batches.representation import UNENDED, line_of, result_json
from generations.batches.selectors import Result, items_walk
from generations.models import Batch, Output

LINES = "results.jsonl"
FOLDER = "pictures"
CHUNK = 256 * 1024
MAX_LINES_IN_MEMORY = 1024 * 1024
MAX_NAME = 60
_UNSAFE = re.compile(r"[^\w.-]+")
_ENDINGS = {"image/jpeg": "jpg"}


def results_zip(batch: Batch, *, url_seconds: int | None = None) -> Iterator[bytes]:
    """Yields the archive's bytes. Items that have not ended are left out, as in the JSONL.

    Each line has beside the API's fields `files`: the names in the archive of the item's pictures. A picture that was
    deleted while the archive was written is not among them.
    """
    sink = _Sink()
    # Pictures are compressed already; a deflated PNG is larger.
    with zipfile.ZipFile(cast(Any, sink), "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        with tempfile.SpooledTemporaryFile(MAX_LINES_IN_MEMORY) as lines:
            for page in items_walk(tenant_id=batch.tenant_id, batch_id=batch.id):
                for result in page:
                    if result.item.status in UNENDED:
                        continue
                    names: list[str] = []
                    for name, output in _pictures(result):
                        kept = yield from _picture_add(archive, sink, name, output)
                        if kept:
                            names.append(name)
                    line = {**result_json(result, url_seconds=url_seconds), "files": names}
                    lines.write(line_of(line))
            lines.seek(0)
            info = zipfile.ZipInfo(LINES, _date(batch))
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as entry:
                while chunk := lines.read(CHUNK):
                    entry.write(chunk)
                    yield sink.take()
        yield sink.take()
    yield sink.take()


def _pictures(result: Result) -> Iterator[tuple[str, Output]]:
    """Yields the item's pictures with their names: `pictures/00012-blue-shoe.png`."""
    outputs = [one for one in result.detail.outputs if one.part == Output.Part.OUTPUT] if result.detail else []
    key = _UNSAFE.sub("-", result.item.key).strip("-.")[:MAX_NAME]
    stem = f"{result.item.index + 1:05d}"
    if key and key != str(result.item.index):
        stem = f"{stem}-{key}"
    for place, output in enumerate(outputs, 1):
        ending = _ENDINGS.get(output.mime_type, output.mime_type.rpartition("/")[2])
        number = f"-{place}" if len(outputs) > 1 else ""
        yield f"{FOLDER}/{stem}{number}.{ending}", output


def _picture_add(archive: zipfile.ZipFile, sink: _Sink, name: str, output: Output) -> Generator[bytes, None, bool]:
    """Yields the entry's bytes. Returns False, and adds nothing, where the picture is gone."""
    chunks = objects().read(output.storage_key)
    try:
        chunk = next(chunks, b"")
    except ObjectMissing:
        return False
    info = zipfile.ZipInfo(name, _date(output))
    info.external_attr = 0o644 << 16
    with archive.open(info, "w", force_zip64=output.bytes >= zipfile.ZIP64_LIMIT) as entry:
        while chunk:
            entry.write(chunk)
            yield sink.take()
            chunk = next(chunks, b"")
    yield sink.take()
    return True


def _date(row: Output | Batch) -> tuple[int, int, int, int, int, int]:
    at = row.created_at
    return at.year, at.month, at.day, at.hour, at.minute, at.second


class _Sink:
    """What `zipfile` writes to: it cannot be sought in, so that sizes come behind each entry."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def take(self) -> bytes:
        """Returns what was written since it was asked last."""
        data = b"".join(self._parts)
        self._parts.clear()
        return data
