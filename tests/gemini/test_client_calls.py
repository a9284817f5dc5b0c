from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from cavendish.gemini.client import (
    NotFound,
    TimedOut,
)
from tests.gemini.helpers import BODY, blob, client_of, files, picture_of, soon, until
from tests.gemini.upstream import (
    STREAM,
    Request,
    answer,
    cut,
    error,
    events,
    hang_up,
    interaction,
    upstream,
)


async def test_a_failed_interaction_is_an_answer(tmp_path: Path) -> None:
    body = {"id": "v1_f", "status": "failed", "errors": [{"code": "safety", "message": "no"}]}
    async with upstream(answer(body)) as server, client_of(server) as client:
        received = await client.create_interaction(BODY, spool=tmp_path, deadline=soon())

    assert (received.status, received.steps, received.errors) == ("failed", [], [{"code": "safety", "message": "no"}])


async def test_a_background_interaction_is_polled_until_it_is_finished(tmp_path: Path) -> None:
    running = answer({"id": "v1/ö", "status": "in_progress"})
    half = answer(interaction(b"half", status="in_progress"))
    async with upstream(running, running, half, answer(interaction())) as server, client_of(server) as client:
        begun = await client.create_interaction({**BODY, "background": True}, spool=tmp_path, deadline=soon())
        received = await client.get_interaction(begun.id, key=None, spool=tmp_path, deadline=soon(), wait=True)

    assert not begun.finished
    assert files(tmp_path) == [picture_of(received).path]
    assert [request.target for request in server.requests] == [
        "/v1beta/interactions",
        "/v1beta/interactions/v1%2F%C3%B6?stream=true",
        "/v1beta/interactions/v1%2F%C3%B6?stream=false",
        "/v1beta/interactions/v1%2F%C3%B6?stream=false",
    ]


async def test_a_background_interaction_is_followed_as_a_stream(tmp_path: Path) -> None:
    async with upstream(cut, hang_up, events(*STREAM)) as server, client_of(server) as client:
        received = await client.get_interaction(
            "v1_s", key=None, spool=tmp_path, deadline=soon(), wait=True, max_delay=0.01
        )

    assert received.status == "completed"
    assert len(files(tmp_path)) == 2
    assert len(server.requests) == 3


async def test_an_upstream_that_does_not_stream_is_polled(tmp_path: Path) -> None:
    async with upstream(error("400 Bad"), answer(interaction())) as server, client_of(server) as client:
        received = await client.get_interaction("v1_x", key=None, spool=tmp_path, deadline=soon(), wait=True)

    assert received.status == "completed"


async def test_waiting_ends_with_the_deadline(tmp_path: Path) -> None:
    async with upstream(answer({"id": "a", "status": "queued"})) as server, client_of(server) as client:
        with pytest.raises(TimedOut) as caught:
            await client.get_interaction("a", key=None, spool=tmp_path, deadline=soon(0.5), wait=True)

    assert caught.value.deadline


async def test_cancel_and_delete(tmp_path: Path) -> None:
    plan = (answer(interaction(status="cancelled")), answer(b""), error("404 Gone"))
    async with upstream(*plan) as server, client_of(server) as client:
        await client.cancel_interaction("v1_x", key=None)
        await client.delete_interaction("v1_x", key=None)
        with pytest.raises(NotFound):
            await client.delete_interaction("v1_x", key=None)

    assert [(r.method, r.target, r.body) for r in server.requests] == [
        ("POST", "/v1beta/interactions/v1_x/cancel", b""),
        ("DELETE", "/v1beta/interactions/v1_x", b""),
        ("DELETE", "/v1beta/interactions/v1_x", b""),
    ]


async def test_a_file_is_uploaded_and_no_other_host_is_followed() -> None:
    content = os.urandom(10_000)
    begun = answer(b"", headers="X-Goog-Upload-URL: https://evil.example/upload/v1beta/files?upload_id=7\r\n")
    ended = answer({"file": {"name": "files/abc", "uri": "u", "state": "ACTIVE"}})
    read = answer({"name": "files/abc", "state": "ACTIVE"})
    async with upstream(begun, ended, read) as server, client_of(server) as client:
        received = await client.upload_file(blob=blob(content), mime_type="video/mp4", display_name="ö", key=None)
        again = await client.get_file("files/abc", key=None)

    assert (received["name"], again["state"]) == ("files/abc", "ACTIVE")
    start, data, get = server.requests
    assert start.target == "/upload/v1beta/files"
    assert start.json == {"file": {"display_name": "ö", "mime_type": "video/mp4", "size_bytes": 10_000}}
    assert start.headers["x-goog-upload-header-content-length"] == "10000"
    assert (data.target, data.body) == ("/upload/v1beta/files?upload_id=7", content)
    assert data.headers["x-goog-upload-command"] == "upload, finalize"
    assert get.target == "/v1beta/files/abc"


async def test_calls_do_not_wait_for_each_other(tmp_path: Path) -> None:
    go = asyncio.Event()

    async def slow(request: Request, writer: asyncio.StreamWriter) -> None:
        await go.wait()
        writer.write(answer({"id": "a", "status": "completed"}))

    async with upstream(slow) as server, client_of(server) as client:
        calls = [
            asyncio.create_task(client.create_interaction(BODY, spool=tmp_path, deadline=soon())) for _ in range(100)
        ]
        await until(lambda: server.in_flight == 100)
        go.set()
        await asyncio.gather(*calls)

    assert server.most_in_flight == 100


async def test_a_base_url_with_a_path_keeps_it(tmp_path: Path) -> None:
    async with upstream(answer(interaction())) as server:
        server.url += "/pre/fix/"
        async with client_of(server, api_version="v1") as client:
            await client.create_interaction(BODY, spool=tmp_path, deadline=soon())

    assert server.requests[0].target == "/pre/fix/v1/interactions"
