from __future__ import annotations

import asyncio
import base64
import os
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cavendish.gemini.client import (
    Blob,
    BrokenAnswer,
    GeminiError,
    KeyPool,
    RateLimited,
    Rejected,
    Unavailable,
)
from tests.gemini.helpers import BODY, SECRET, blob, client_of, files, picture_of, soon
from tests.gemini.upstream import (
    PICTURE,
    STREAM,
    Request,
    answer,
    events,
    interaction,
    upstream,
)


async def test_a_document_becomes_an_interaction(tmp_path: Path) -> None:
    ids: list[tuple[str, str]] = []

    async def on_id(id: str, fingerprint: str) -> None:
        ids.append((id, fingerprint))

    async with upstream(answer(interaction(role="model"))) as server, client_of(server) as client:
        received = await client.create_interaction(BODY, spool=tmp_path / "spool", deadline=soon(), on_id=on_id)

    assert (received.id, received.status, received.model, received.finished) == (
        "v1_x",
        "completed",
        "gemini-3.1-flash-image",
        True,
    )
    assert received.usage == {"total_tokens": 1125}
    assert received.raw == {"object": "interaction", "role": "model"}
    assert picture_of(received).path.read_bytes() == PICTURE
    assert ids == [("v1_x", KeyPool([SECRET]).pick().fingerprint)]
    (request,) = server.requests
    assert (request.method, request.target, request.json) == ("POST", "/v1beta/interactions", BODY)
    assert request.headers["x-goog-api-key"] == SECRET
    assert request.headers["accept-encoding"] == "gzip"
    assert SECRET not in request.target


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 999, 1000, 1001, 5000])
@pytest.mark.parametrize("piece", [1, 7, 1000])
async def test_blobs_are_streamed_with_an_exact_length(size: int, piece: int, tmp_path: Path) -> None:
    contents = [os.urandom(size), os.urandom(5)]
    body = {
        "model": "m",
        "input": [
            {"type": "text", "text": 'é "quoted" \u2028'},
            *({"type": "image", "data": blob(content, piece), "mime_type": "image/png"} for content in contents),
        ],
    }

    async with upstream(answer(interaction())) as server, client_of(server) as client:
        await client.create_interaction(body, spool=tmp_path, deadline=soon())

    (request,) = server.requests
    assert [base64.b64decode(block["data"]) for block in request.json["input"][1:]] == contents
    assert request.json["input"][0] == {"type": "text", "text": 'é "quoted" \u2028'}


@pytest.mark.parametrize("claimed", [999, 1001])
async def test_an_input_that_changed_is_told(claimed: int, tmp_path: Path) -> None:
    body = {"input": [{"type": "image", "data": blob(bytes(1000), claimed=claimed)}]}

    async with upstream(answer(interaction())) as server, client_of(server) as client:
        with pytest.raises(GeminiError) as caught:
            await client.create_interaction(body, spool=tmp_path, deadline=soon())

    assert (caught.value.code, caught.value.retryable) == ("input_changed", False)


async def test_a_packed_answer_is_inflated_in_pieces(tmp_path: Path) -> None:
    packed = answer(interaction(bytes(20_000_000)), packed=True)  # a thousandth of what it holds
    async with upstream(packed) as server, client_of(server) as client:
        tracemalloc.start()
        try:
            received = await client.create_interaction(BODY, spool=tmp_path, deadline=soon())
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert picture_of(received).size == 20_000_000
    assert peak < 4 * 1024 * 1024


async def test_a_25_mb_picture_is_never_in_memory_whole(tmp_path: Path) -> None:
    """I10, both ways: the request's picture and the answer's."""
    group = os.urandom(3 * 64 * 1024)
    encoded = base64.b64encode(group)
    received = 0

    async def send(request: Request, writer: asyncio.StreamWriter) -> None:
        head, tail = b'{"id":"a","status":"completed","steps":[{"content":[{"type":"image","data":"', b'"}]}]}'
        length = len(head) + 130 * len(encoded) + len(tail)
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + f"Content-Length: {length}\r\n\r\n".encode()
        )
        for piece in (head, *[encoded] * 130, tail):
            writer.write(piece)
            await writer.drain()

    def count(piece: bytes) -> None:
        nonlocal received
        received += len(piece)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(130):
            yield group

    async with upstream(send) as server, client_of(server) as client:
        server.on_body = count
        body = {"input": [{"type": "image", "data": Blob(size=130 * len(group), open=pieces)}]}
        tracemalloc.start()
        try:
            answered = await client.create_interaction(body, spool=tmp_path, deadline=soon())
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert picture_of(answered).size == 130 * len(group)
    assert received == 130 * len(encoded) + len('{"input":[{"type":"image","data":""}]}')
    assert peak < 8 * 1024 * 1024


async def test_a_stream_becomes_the_same_interaction(tmp_path: Path) -> None:
    ids: list[str] = []

    async def on_id(id: str, fingerprint: str) -> None:
        ids.append(id)

    async with upstream(events(*STREAM)) as server, client_of(server) as client:
        received = await client.create_interaction(
            {**BODY, "stream": True}, spool=tmp_path, deadline=soon(), on_id=on_id
        )
        await client.create_interaction({**BODY, "stream": True}, spool=tmp_path / "2", deadline=soon())

    picture = picture_of_thought = None
    for step in received.steps:
        for block in [*step.get("content", []), *step.get("summary", [])]:
            if block["type"] == "image":
                picture, picture_of_thought = (block.pop("data"), picture) if picture else (block.pop("data"), None)
    assert picture is not None
    assert picture_of_thought is not None
    assert picture.path.read_bytes() == PICTURE
    assert picture_of_thought.path.read_bytes() == b"ABC"
    assert (received.id, received.status, received.model, received.usage) == (
        "v1_s",
        "completed",
        "m",
        {"total_tokens": 7},
    )
    assert ids == ["v1_s"]
    assert received.steps == [
        {
            "type": "thought",
            "summary": [{"type": "text", "text": "Thinking."}, {"type": "image", "mime_type": "image/png"}],
            "signature": "c2ln",
        },
        {"type": "google_search_call", "id": "gs_1", "arguments": {"queries": ["fox"]}, "signature": "s"},
        {
            "type": "google_search_result",
            "call_id": "gs_1",
            "result": [{"search_suggestions": "<div/>"}],
            "is_error": False,
        },
        {
            "type": "model_output",
            "content": [
                {"type": "text", "text": "Here.", "annotations": [{"type": "url_citation", "url": "u"}]},
                {"type": "image", "mime_type": "image/png"},
                {"type": "text", "text": "And that."},
            ],
        },
    ]
    assert server.connections == 1  # a stream that was read to its end leaves its connection usable


async def test_steps_that_the_last_event_repeats_are_kept_once(tmp_path: Path) -> None:
    last = {"event_type": "interaction.completed", "interaction": interaction(id="v1_s")}
    async with upstream(events(*STREAM[:-1], last), events(STREAM[0], last)) as server, client_of(server) as client:
        await client.create_interaction(BODY, spool=tmp_path / "a", deadline=soon())
        second = await client.create_interaction(BODY, spool=tmp_path / "b", deadline=soon())

    assert len(files(tmp_path / "a")) == 2
    assert picture_of(second).path.read_bytes() == PICTURE


@pytest.mark.parametrize(
    ("code", "kind", "retryable"),
    [
        ("internal", Unavailable, True),
        ("too_many_requests", RateLimited, True),
        ("invalid_request", Rejected, False),
        ("400", Rejected, False),
    ],
)
async def test_an_error_inside_a_stream(code: str, kind: type[GeminiError], retryable: bool, tmp_path: Path) -> None:
    failed = {"event_type": "error", "error": {"code": code, "message": "it broke"}}
    async with upstream(events(*STREAM[:-1], failed)) as server, client_of(server) as client:
        with pytest.raises(kind) as caught:
            await client.create_interaction(BODY, spool=tmp_path, deadline=soon(), max_tries=1)

    assert (type(caught.value), caught.value.code, caught.value.retryable) == (kind, code, retryable)
    assert files(tmp_path) == []


async def test_a_stream_that_just_ends_is_cut(tmp_path: Path) -> None:
    async with upstream(events(*STREAM[:-1], end=b"")) as server, client_of(server) as client:
        with pytest.raises(BrokenAnswer) as caught:
            await client.create_interaction(BODY, spool=tmp_path, deadline=soon(), max_tries=1)

    assert caught.value.code == "cut"
    assert files(tmp_path) == []
