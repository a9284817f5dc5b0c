"""Bodies that are too large, and how many requests Django works on at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from cavendish.wait import WaitLayer
from cavendish.wait.asgi import Scope
from cavendish.wait.database import Database
from tests.wait.conftest import OPTIONS, RULES
from tests.wait.django_like import Headers, Inner
from tests.wait.servers import OwnValkey, serving

LIMIT = SMALL = 1_000_000
FILE_LIMIT = 3_000_000 + 64 * 1024


@pytest.fixture(autouse=True)
def echo(inner: Inner) -> None:
    async def length(inner: Inner, scope: Scope, body: bytes) -> tuple[int, Headers, bytes]:
        return 200, {}, str(len(body)).encode()

    for path in ("/api/v1/generations", "/v1beta/interactions", "/api/v1/files", "/upload/v1beta/files"):
        inner.views[path] = length


async def chunks(total: int) -> AsyncIterator[bytes]:
    for start in range(0, total, 100_000):
        yield bytes(min(100_000, total - start))


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/api/v1/generations", LIMIT),
        ("/v1beta/interactions", LIMIT),
        ("/api/v1/files/file_1", SMALL),
        ("/api/v1/keys", SMALL),
        ("/healthz", 0),
        ("/api/v1/files", FILE_LIMIT),
        ("/upload/v1beta/files", FILE_LIMIT),
    ],
)
async def test_a_declared_length_over_the_limit_is_413_before_django_sees_it(
    client: httpx.AsyncClient, inner: Inner, path: str, limit: int
) -> None:
    answer = await client.post(path, content=bytes(limit + 1))
    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"
    said = f"The request body is over the limit of {limit} bytes."
    if path.startswith(("/api/", "/healthz")):
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert (problem["status"], problem["code"], problem["detail"]) == (413, "body_too_large", said)
    else:
        code = {"code": "request_too_large"} if "interactions" in path else {"code": 413, "status": "INVALID_ARGUMENT"}
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == {"error": {**code, "message": said}}
    assert inner.scopes == []


async def test_a_body_of_exactly_the_limit_passes(client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/v1/generations", content=bytes(LIMIT))).text == str(LIMIT)
    assert (await client.post("/api/v1/generations", content=chunks(LIMIT))).text == str(LIMIT)
    assert (await client.post("/api/v1/files", content=chunks(FILE_LIMIT))).text == str(FILE_LIMIT)


async def test_a_chunked_body_is_cut_where_it_passes_the_limit(client: httpx.AsyncClient, inner: Inner) -> None:
    answer = await client.post("/api/v1/generations", content=chunks(LIMIT + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert inner.gone == 1


async def test_a_client_that_asks_first_is_told_before_it_sends(layer: WaitLayer) -> None:
    async with serving(layer) as url:
        host, port = url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = "POST /api/v1/generations HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\nExpect: 100-continue\r\n\r\n"
        writer.write(head.encode())
        async with asyncio.timeout(2):
            answer = await reader.read()  # to the end: the server closes
        assert answer.startswith(b"HTTP/1.1 413 ")
        writer.close()


async def test_a_body_that_never_ends_is_let_go(layer: WaitLayer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cavendish.wait.refusal.PAUSE_SECONDS", 0.05)
    monkeypatch.setattr("cavendish.wait.refusal.LINGER_SECONDS", 0.2)
    async with serving(layer) as url:
        host, port = url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /api/v1/generations HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\nab")
        async with asyncio.timeout(2):
            assert (await reader.read()).startswith(b"HTTP/1.1 413 ")
        writer.close()


async def test_django_works_on_a_bounded_number_and_slow_uploads_do_not_count(
    inner: Inner, valkey: OwnValkey, source: Database
) -> None:
    async def slow(inner: Inner, scope: Scope, body: bytes) -> tuple[int, Headers, bytes]:
        await asyncio.sleep(0.02)
        return 200, {}, b""

    inner.views["/slow"] = slow
    options = replace(OPTIONS, django_slots=3)
    layer = WaitLayer(inner, valkey_url=valkey.url, source=source, rules=RULES, options=options)
    async with serving(layer) as url, httpx.AsyncClient(base_url=url, timeout=20) as client:
        host, port = url.removeprefix("http://").split(":")
        writers = []
        for _ in range(5):
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab")
            writers.append(writer)
        answers = await asyncio.gather(*(client.post("/slow", content=b"x") for _ in range(30)))
        assert [answer.status_code for answer in answers] == [200] * 30
        assert inner.most_inside == 3
        for writer in writers:
            writer.close()
            await writer.wait_closed()
        # The five that left while uploading took no place with them.
        answers = await asyncio.gather(*(client.post("/slow", content=b"x") for _ in range(6)))
        assert [answer.status_code for answer in answers] == [200] * 6
