"""Answers that begin at once and end with the job."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import httpx
import pytest

from cavendish.messaging.valkey import ENDED
from cavendish.wait import WaitLayer, lead
from cavendish.wait.asgi import Scope
from tests.wait.django_like import Headers, Inner
from tests.wait.servers import OwnValkey, until, until_waiting

BIG = b"data: " + b"x" * 600_000 + b"\n\n"


@pytest.fixture
def generation(inner: Inner) -> UUID:
    identity = uuid4()

    async def first(inner: Inner, scope: Scope, body: bytes) -> tuple[int, Headers, bytes]:
        value = f"gen_{identity.hex};{scope['query_string'].decode() or 9};/rest?after=1"
        return 200, {"X-Cavendish-Lead": value, "Content-Type": "text/event-stream", "RateLimit": "r=9"}, b"first\n\n"

    async def rest(inner: Inner, scope: Scope, body: bytes) -> tuple[int, Headers, bytes]:
        assert scope["cavendish.internal"]
        assert scope["query_string"] == b"after=1"
        return 200, {"Content-Type": "text/html", "X-Other": "1"}, b"rest\n\n"

    inner.views |= {"/lead": first, "/rest": rest}
    return identity


async def read(answer: httpx.Response, into: bytearray) -> None:
    async for chunk in answer.aiter_bytes():
        into += chunk


async def test_the_beginning_comes_at_once_and_the_rest_when_the_job_ends(
    client: httpx.AsyncClient, layer: WaitLayer, valkey: OwnValkey, generation: UUID
) -> None:
    came = bytearray()
    async with client.stream("POST", "/lead") as answer:
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream")
        assert (answer.headers["cache-control"], answer.headers["ratelimit"]) == ("no-store", "r=9")
        assert "content-length" not in answer.headers
        assert not [name for name in answer.headers if name.startswith("x-cavendish")]
        reading = asyncio.create_task(read(answer, came))
        await until(lambda: came == b"first\n\n")
        await until_waiting(layer.hub, 1)
        await valkey.publish(ENDED, generation.hex)
        await reading
    assert came == b"first\n\nrest\n\n"
    assert layer.hub.counters.woken == 1


async def test_comments_keep_the_connection_alive(
    client: httpx.AsyncClient, valkey: OwnValkey, generation: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lead, "KEEP_ALIVE_SECONDS", 0.05)
    came = bytearray()
    async with client.stream("POST", "/lead") as answer:
        reading = asyncio.create_task(read(answer, came))
        await until(lambda: came.count(b": keep-alive\n\n") >= 2)
        await valkey.publish(ENDED, generation.hex)
        await reading
    assert came.startswith(b"first\n\n: keep-alive\n\n")
    assert came.endswith(b": keep-alive\n\nrest\n\n")


async def test_an_answer_may_have_a_beat_of_its_own(
    client: httpx.AsyncClient, inner: Inner, valkey: OwnValkey, generation: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JSON takes no comments."""
    monkeypatch.setattr(lead, "KEEP_ALIVE_SECONDS", 0.05)

    async def first(inner: Inner, scope: Scope, body: bytes) -> tuple[int, Headers, bytes]:
        return 200, {"X-Cavendish-Lead": f"gen_{generation.hex};9;/rest?after=1", "X-Cavendish-Beat": '" "'}, b"["

    inner.views["/array"] = first
    came = bytearray()
    async with client.stream("POST", "/array") as answer:
        reading = asyncio.create_task(read(answer, came))
        await until(lambda: came.startswith(b"[  "))
        await valkey.publish(ENDED, generation.hex)
        await reading
    assert came.replace(b" ", b"") == b"[rest\n\n"


async def test_the_rest_may_be_large(
    client: httpx.AsyncClient, layer: WaitLayer, inner: Inner, valkey: OwnValkey, generation: UUID
) -> None:
    async def rest(inner: Inner, scope: Scope, body: bytes) -> tuple[int, Headers, bytes]:
        return 200, {}, BIG

    inner.views["/rest"] = rest
    asking = asyncio.create_task(client.post("/lead"))
    await until_waiting(layer.hub, 1)
    await valkey.publish(ENDED, generation.hex)
    assert (await asking).content == b"first\n\n" + BIG


async def test_the_seconds_over_is_what_is_known_by_then(client: httpx.AsyncClient, generation: UUID) -> None:
    assert (await client.post("/lead?0")).content == b"first\n\nrest\n\n"


async def test_a_rest_that_fails_leaves_the_beginning(
    client: httpx.AsyncClient, inner: Inner, generation: UUID
) -> None:
    async def rest(inner: Inner, scope: Scope, body: bytes) -> tuple[int, Headers, bytes]:
        return 503, {}, b"busy"

    inner.views["/rest"] = rest
    assert (await client.post("/lead?0")).content == b"first\n\n"


async def test_a_client_that_leaves_is_forgotten(client: httpx.AsyncClient, layer: WaitLayer, generation: UUID) -> None:
    async with client.stream("POST", "/lead"):
        await until_waiting(layer.hub, 1)
    await until_waiting(layer.hub, 0)


OTHERWISE = '"it \\u00fc ends\\n\\n"'


@pytest.fixture
def jobs(inner: Inner) -> list[UUID]:
    """Two of them: what is appended for the first asks to go on with the second."""
    ids = [uuid4(), uuid4()]

    def lead_to(place: int) -> Headers:
        value = f"gen_{ids[place].hex};9;/part?{place}"
        return {"X-Cavendish-Lead": value, "X-Cavendish-Otherwise": OTHERWISE, "Content-Type": "text/event-stream"}

    async def first(inner: Inner, scope: Scope, body: bytes) -> tuple[int, Headers, bytes]:
        return 200, lead_to(0), b"first\n\n"

    async def part(inner: Inner, scope: Scope, body: bytes) -> tuple[int, Headers, bytes]:
        last = scope["query_string"] == b"1"
        return 200, {} if last else lead_to(1), b"last\n\n" if last else BIG

    inner.views |= {"/lead": first, "/part": part}
    return ids


async def test_the_rest_comes_in_parts(
    client: httpx.AsyncClient, layer: WaitLayer, valkey: OwnValkey, jobs: list[UUID]
) -> None:
    came = bytearray()
    async with client.stream("POST", "/lead") as answer:
        reading = asyncio.create_task(read(answer, came))
        await until_waiting(layer.hub, 1)
        await valkey.publish(ENDED, jobs[0].hex)
        await until(lambda: came == b"first\n\n" + BIG)
        await until_waiting(layer.hub, 1)
        await valkey.publish(ENDED, jobs[1].hex)
        await reading
    assert came == b"first\n\n" + BIG + b"last\n\n"


async def test_what_no_rendering_can_end_says_so(
    client: httpx.AsyncClient, layer: WaitLayer, inner: Inner, valkey: OwnValkey, jobs: list[UUID]
) -> None:
    asking = asyncio.create_task(client.post("/lead"))
    await until_waiting(layer.hub, 1)
    layer.hub.drain()
    assert (await asking).text == "first\n\nit ü ends\n\n"


async def test_a_part_that_fails_ends_it_in_words(
    client: httpx.AsyncClient, layer: WaitLayer, inner: Inner, valkey: OwnValkey, jobs: list[UUID]
) -> None:
    async def part(inner: Inner, scope: Scope, body: bytes) -> tuple[int, Headers, bytes]:
        return 500, {"X-Cavendish-Lead": f"gen_{jobs[1].hex};9;/part?1"}, b"broken"

    inner.views["/part"] = part
    asking = asyncio.create_task(client.post("/lead"))
    await until_waiting(layer.hub, 1)
    await valkey.publish(ENDED, jobs[0].hex)
    assert (await asking).text == "first\n\nit ü ends\n\n"
