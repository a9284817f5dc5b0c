"""The sandbox remembers many interactions in little memory, and forgets the oldest."""

from __future__ import annotations

import asyncio
import os
import struct
import time
import tracemalloc
import zlib
from pathlib import Path

import pytest

from cavendish.sandbox import media, records
from cavendish.sandbox.errors import ApiError
from cavendish.sandbox.plan import ResponsePlan
from cavendish.sandbox.records import Record, Records, new_id
from cavendish.sandbox.words import Words


def record_of(text: str) -> Record:
    step = {"type": "user_input", "content": [{"type": "text", "text": text}]}
    plan = ResponsePlan("completed", [{"type": "model_output", "content": [{"type": "text", "text": "x" * 128}]}])
    now = time.time()
    return Record(new_id(), "me", "m", now, now, plan, Words(), {}, [step], 0, True, False, "key")


def test_memory_is_bounded_by_count_and_by_bytes_and_nothing_is_lost(tmp_path: Path) -> None:
    kept = Records(tmp_path)
    ids = []
    tracemalloc.start()
    try:
        # 90 MB in all
        for size in [100] * 1_500 + [3_000_000] * 30:
            record = record_of("x" * size)
            ids.append(record.id)
            asyncio.run(kept.add(record, []))
            del record
        used = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    assert used < 16_000_000
    assert len(kept._recent) <= records.REMEMBERED
    assert kept._weight <= records.REMEMBERED_BYTES
    assert all(kept.find(id, "me") for id in (ids[0], ids[700], ids[-1]))
    assert kept.find(ids[0], "another") is None


def test_requests_under_way_see_what_another_does_to_an_interaction_that_was_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "REMEMBERED", 0)
    kept = Records(tmp_path)
    waiting = record_of("x")
    waiting.ready_at = None
    asyncio.run(kept.add(waiting, []))

    found = kept.find(waiting.id, "me")
    assert found is not None
    kept.cancel(found)

    assert waiting.status == "cancelled"
    kept.delete(found)
    assert kept.find(waiting.id, "me") is None


def test_the_oldest_interactions_are_deleted_with_their_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "KEPT", 3)
    for number, name in enumerate(["a", "b", "c", "d", "e", "f"]):
        for suffix in ("json", "0"):
            path = tmp_path / f"{name}.{suffix}"
            path.touch()
            # "f" is of last year
            age = 400 * 86_400 if name == "f" else 1000 - number
            os.utime(path, (time.time() - age, time.time() - age))

    records.forget(tmp_path)

    assert {path.stem for path in tmp_path.iterdir()} == {"c", "d", "e"}
    assert len(list(tmp_path.iterdir())) == 6


@pytest.mark.parametrize(
    ("width", "height", "is_taken"), [(20_000, 9_000, True), (20_000, 10_000, True), (20_000, 10_001, False)]
)
def test_pictures_are_as_large_as_the_platform_takes_them(
    tmp_path: Path, width: int, height: int, is_taken: bool
) -> None:
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n"
    for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")):
        png += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    path = tmp_path / "large.png"
    path.write_bytes(png)

    with path.open("rb") as file:
        if is_taken:
            assert media.picture_size(file) == (width, height)
        else:
            with pytest.raises(ApiError):
                media.picture_size(file)
