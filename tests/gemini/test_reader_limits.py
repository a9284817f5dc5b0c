from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import tracemalloc
from pathlib import Path

import pytest

from cavendish.gemini.reader import (
    BadBase64,
    JsonReader,
    MalformedJson,
    SpoolSink,
    TooDeep,
    TooLarge,
)
from tests.gemini.helpers import files, read

MEGABYTE = 1024 * 1024
MARK = b"c2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x008\x9bq"


def test_depth(tmp_path: Path) -> None:
    assert read(b"[" * 64 + b"]" * 64, tmp_path) == json.loads("[" * 64 + "]" * 64)
    with pytest.raises(TooDeep) as caught:
        read(b'{"a":' + b"[" * 64 + b"]" * 64 + b"}", tmp_path)
    assert caught.value.pointer == "/a" + "/0" * 63


def test_the_pointer_escapes_and_counts(tmp_path: Path) -> None:
    with pytest.raises(BadBase64) as caught:
        read(b'{"x":"data","a/b~c":[{"data":"QUJD"},[],{"q":1,"data":"!"}]}', tmp_path)

    assert caught.value.pointer == "/a~1b~0c/2/data"


def test_more_pictures_than_allowed(tmp_path: Path) -> None:
    sink = SpoolSink(tmp_path, max_bytes=10)
    reader = JsonReader(sink)
    reader.feed(b'[{"data":"QUJDQUJD"},{"data":"QUJ')
    with pytest.raises(TooLarge) as caught:
        reader.feed(b'DQUJD"}]')

    assert (caught.value.limit, caught.value.pointer) == (10, "/1/data")
    assert files(tmp_path) == []


def test_more_files_than_allowed(tmp_path: Path) -> None:
    reader = JsonReader(SpoolSink(tmp_path, max_bytes=1000, max_files=2))

    with pytest.raises(TooLarge) as caught:
        reader.feed(b'[{"data":"QQ"},{"data":"QQ"},{"data":"QQ"}]')

    assert caught.value.limit == 2
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    "piece", [b"[],", b"{},", b'"",', b"0,", b'{"a":0},', b'"' + b"x" * 1000 + b'",', b" " * 999 + b"1,"]
)
def test_memory_is_bounded_by_what_parsing_allocates(piece: bytes, tmp_path: Path) -> None:
    limit = MEGABYTE
    chunk = piece * (64 * 1024 // len(piece))
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            read_endless(chunk, limit)
        accepted = b"[" + chunk[: limit // 6000 * len(piece)] + b"0]"
        read(accepted, tmp_path, max_memory=limit)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 4 * limit


def read_endless(chunk: bytes, limit: int) -> None:
    reader = JsonReader(None, max_memory=limit)
    reader.feed(b"[")
    for _ in range(1000):
        reader.feed(chunk)


def test_abort_deletes_what_was_spilled(tmp_path: Path) -> None:
    reader = JsonReader(SpoolSink(tmp_path, max_bytes=100))
    with contextlib.suppress(KeyError), reader:
        reader.feed(b'[{"data":"QUJD"},{"data":"QU')
        assert len(files(tmp_path)) == 2
        raise KeyError

    assert files(tmp_path) == []
    with pytest.raises(MalformedJson):
        reader.feed(b"")
    reader.abort()


def test_files_of_an_earlier_document_are_not_touched(tmp_path: Path) -> None:
    first = read(b'{"data":"QUJD"}', tmp_path)["data"]
    second = read(b'{"data":"RA=="}', tmp_path)["data"]

    assert first.path != second.path
    assert first.path.read_bytes() == b"ABC"
    assert second.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("place", [0, 1, 95, 96, 97, 98, 99, 190])
def test_the_mark_of_content_credentials_is_seen_across_borders(place: int, tmp_path: Path) -> None:
    content = bytes(place) + MARK + bytes(200 - place)
    document = b'{"data":"' + base64.b64encode(content) + b'"}'

    for step in (3, 4, 7, 137):
        assert read(document, tmp_path, borders=list(range(step, len(document), step)))["data"].c2pa_hint is True
    assert (
        read(document.replace(base64.b64encode(content), base64.b64encode(b"c2pa" + bytes(200))), tmp_path)[
            "data"
        ].c2pa_hint
        is False
    )


def test_a_25_mb_picture_is_never_in_memory_whole(tmp_path: Path) -> None:
    """I10: what the reader allocates does not depend on the size of the picture."""
    block = os.urandom(192 * 1024)
    encoded = base64.b64encode(block)  # whole groups, so blocks can stand one after the other
    digest = hashlib.sha256()
    reader = JsonReader(SpoolSink(tmp_path, max_bytes=64 * MEGABYTE))
    tracemalloc.start()
    try:
        reader.feed(b'{"type":"image","data":"')
        for _ in range(130):
            reader.feed(encoded)
            digest.update(block)
        reader.feed(b'"}')
        spilled = reader.close()["data"]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert spilled.size == 130 * len(block) == spilled.path.stat().st_size
    assert spilled.sha256 == digest.hexdigest()
    assert peak < 2 * MEGABYTE
