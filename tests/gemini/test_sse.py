from __future__ import annotations

import base64
import json
import os
import random
import tracemalloc
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cavendish.gemini.reader import BadBase64, MalformedJson, SpoolSink, SseReader, TooLarge

STREAM = (
    b": hello\n"
    b"retry: 100\n\n"
    b'event: interaction.created\ndata: {"event_type":"interaction.created","event_id":"ev_1"}\n\n'
    b'id: 7\ndata:{"event_type":"step.delta","delta":{"data":"QUJD","type":"image"}}\n\n'
    b'data: {"event_type":\ndata: "multi"}\n\n'
    b"data:\n\n"
    b"a field that is much too long to be one and has no colon\n\n"
    b"event: done\ndata: [DONE]\n\n"
)


def read(stream: bytes, directory: Path, borders: list[int]) -> tuple[list[Any], SseReader]:
    reader = SseReader(SpoolSink(directory, max_bytes=1_000_000))
    places = [0, *borders, len(stream)]
    events = [event for start, end in pairwise(places) for event in reader.feed(stream[start:end])]
    reader.close()
    return events, reader


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_events_whatever_the_borders(newline: bytes, step: int, tmp_path: Path) -> None:
    stream = STREAM.replace(b"\n", newline)

    events, reader = read(stream, tmp_path, list(range(step, len(stream), step)))

    assert [event["event_type"] for event in events] == ["interaction.created", "step.delta", "multi"]
    assert events[1]["delta"]["data"].path.read_bytes() == b"ABC"
    assert reader.done


@pytest.mark.parametrize("seed", range(50))
def test_random_borders(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    sent = [{"event_id": f"ev_{n}", "text": "x" * rng.randrange(300)} for n in range(20)]
    stream = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in sent)

    events, _ = read(stream, tmp_path, sorted(rng.sample(range(len(stream)), 40)))

    assert events == sent


def test_events_come_as_soon_as_they_are_complete(tmp_path: Path) -> None:
    reader = SseReader(SpoolSink(tmp_path, max_bytes=100))

    assert reader.feed(b'data: {"a":1}\n') == []
    assert reader.feed(b'\ndata: {"a":2}\n\ndata: {"a"') == [{"a": 1}, {"a": 2}]
    assert reader.feed(b":3}\n\n") == [{"a": 3}]
    assert not reader.done


def test_a_cut_event_is_none_and_its_picture_goes(tmp_path: Path) -> None:
    events, reader = read(b'data: {"data":"QUJD"}\n\ndata: {"data":"QUJD', tmp_path, [])

    assert len(events) == 1
    assert not reader.done
    assert list(tmp_path.iterdir()) == [events[0]["data"].path]


@pytest.mark.parametrize("payload", [b"[DON]", b"[D", b"hello", b"{", b'{"a":1} {"a":2}'])
def test_a_payload_that_is_no_json(payload: bytes, tmp_path: Path) -> None:
    with pytest.raises(MalformedJson):
        read(b'data: {"data":"QUJD"}\n\ndata: ' + payload + b"\n\n", tmp_path, [])

    assert list(tmp_path.iterdir()) == []


def test_a_bad_picture_deletes_the_earlier_ones(tmp_path: Path) -> None:
    with pytest.raises(BadBase64):
        read(b'data: {"data":"QUJD"}\n\ndata: {"data":"!"}\n\n', tmp_path, [])

    assert list(tmp_path.iterdir()) == []


def test_memory_of_all_events_together_is_bounded(tmp_path: Path) -> None:
    reader = SseReader(SpoolSink(tmp_path, max_bytes=100), max_memory=100_000)
    event = b"data: " + json.dumps({"text": "x" * 1000}).encode() + b"\n\n"

    with pytest.raises(TooLarge):
        reader.feed(event * 200)


def test_a_line_of_32_mb_is_never_in_memory_whole(tmp_path: Path) -> None:
    block = os.urandom(192 * 1024)
    encoded = base64.b64encode(block)
    reader = SseReader(SpoolSink(tmp_path, max_bytes=64 * 1024 * 1024))
    tracemalloc.start()
    try:
        reader.feed(b'data: {"delta":{"type":"image","data":"')
        for _ in range(128):
            assert reader.feed(encoded) == []
        (event,) = reader.feed(b'"}}\n\n')
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert event["delta"]["data"].size == 128 * len(block)
    assert peak < 2 * 1024 * 1024
