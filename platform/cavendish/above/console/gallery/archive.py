"""Pictures as one ZIP, written while it is sent: no more than a piece of a picture is in memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence

from cavendish.db import ids
from cavendish.storage import ObjectMissing, objects
from generations.models import Output
from generations.request.media_types import EXTENSIONS


class _Sink(io.RawIOBase):
    """Where the ZIP is written, and from where what is finished is taken; it cannot go back."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._parts.append(piece)
        return len(piece)

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


def archive(outputs: Sequence[Output]) -> Iterator[bytes]:
    """Yields the pieces of a ZIP of the originals, untouched; one whose bytes went meanwhile is left out.

    Pictures are compressed already, so they are stored as they are.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as target:
        for output in outputs:
            try:
                chunks = objects().read(output.storage_key)
                first = next(chunks, b"")
            except ObjectMissing:
                continue
            name = f"{ids.encode(ids.OUTPUT, output.id)}.{EXTENSIONS.get(output.mime_type, 'bin')}"
            made = zipfile.ZipInfo(name, output.created_at.timetuple()[:6])
            with target.open(made, "w", force_zip64=output.bytes > 2**31) as entry:
                entry.write(first)
                for chunk in chunks:
                    entry.write(chunk)
                    yield sink.take()
            yield sink.take()
    yield sink.take()
