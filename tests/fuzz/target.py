"""What is fuzzed: bytes of a stranger's file, through the first look and the header readers."""

from __future__ import annotations

import io
import time

from generations.request.headers import NotReadable, Size, Source, Truncated, read_source
from generations.request.headers.source import BYTES_PER_PART, FREE_PARTS, MAX_PIECE
from generations.request.sniff import HEAD_BYTES, sniff

SECONDS = 0.25
"""Of processor time for an input of at most some kilobytes; usual are 20 microseconds."""
Outcome = Size | str | None


class _Watched(io.BytesIO):
    reads = 0

    def read(self, size: int | None = -1) -> bytes:
        self.reads += 1
        piece = super().read(size)
        assert len(piece) <= 2 * MAX_PIECE, f"{len(piece)} bytes at once"
        return piece


def outcome(data: bytes) -> Outcome:
    """The size, None, or what refused the file. Anything else that happens is a finding and raised."""
    mime_type = sniff(data[:HEAD_BYTES])
    if mime_type is None:
        return "unknown"
    file = _Watched(data)
    started = time.process_time()
    try:
        result: Outcome = read_source(Source(file, len(data)), mime_type)
    except (NotReadable, Truncated) as error:
        result = type(error).__name__
    except KeyError:
        return "not taken"
    taken = time.process_time() - started
    if isinstance(result, tuple):
        assert all(type(side) is int and 0 < side < 1 << 33 for side in result), result
    assert taken < SECONDS, f"{taken:.2f} s"
    assert file.reads <= FREE_PARTS + len(data) // BYTES_PER_PART + 8, f"{file.reads} reads"
    return result
