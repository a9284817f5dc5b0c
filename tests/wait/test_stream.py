"""Server-sent events of a generation."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from cavendish.db.pool import conninfo
from cavendish.messaging.valkey import EVENT
from cavendish.wait import WaitLayer
from cavendish.wait.asgi import Scope
from cavendish.wait.database import Database, Event
from tests.wait.django_like import Headers, Inner
from tests.wait.servers import OwnValkey, Rows, until, until_subscribed

PATH = "/events"


@dataclass
class Frame:
    id: str
    event: str
    data: dict[str, str]


async def frames(answer: httpx.Response) -> AsyncIterator[Frame]:
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if not line:
            if "data" in fields:
                yield Frame(fields["id"], fields["event"], json.loads(fields["data"]))
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value


async def read_all(client: httpx.AsyncClient, **headers: str) -> list[Frame]:
    async with client.stream("GET", PATH, headers=headers) as answer:
        assert answer.status_code == 200
        return [frame async for frame in frames(answer)]


@pytest.fixture
async def generation(inner: Inner, rows: Rows) -> UUID:
    identity = await rows.generation()

    async def events(inner: Inner, scope: Scope, body: bytes) -> tuple[int, Headers, bytes]:
        value = f"generation;gen_{identity.hex};{rows.tenant.hex}"
        return 200, {"X-Cavendish-Stream": value, "Content-Type": "text/html", "RateLimit": "r=9"}, b"dropped"

    inner.views[PATH] = events
    return identity


async def test_a_stream_replays_from_the_first_event_and_ends_with_the_last(
    client: httpx.AsyncClient, rows: Rows, generation: UUID
) -> None:
    await rows.event(generation, "generation.queued")
    await rows.event(generation, "generation.running", old="queued", new="running")
    await rows.event(generation, "generation.succeeded", old="running", new="succeeded")
    async with client.stream("GET", PATH) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["ratelimit"] == "r=9"
        assert "content-length" not in answer.headers
        assert "x-cavendish-stream" not in answer.headers
        got = [frame async for frame in frames(answer)]
    assert [frame.event for frame in got] == ["generation.queued", "generation.running", "generation.succeeded"]
    assert got[1].data == {
        "old": "queued",
        "new": "running",
        "type": "generation.running",
        "generation_id": f"gen_{generation.hex}",
        "at": got[1].data["at"],
    }
    assert got[1].data["at"].endswith("Z")


async def test_another_tenants_or_jobs_events_are_not_in_it(
    client: httpx.AsyncClient, rows: Rows, generation: UUID
) -> None:
    await rows.event(await rows.generation(), "generation.queued")
    await rows.event(generation, "generation.failed")
    assert [frame.event for frame in await read_all(client)] == ["generation.failed"]


async def test_events_come_when_they_happen(
    client: httpx.AsyncClient, rows: Rows, generation: UUID, valkey: OwnValkey
) -> None:
    await rows.event(generation, "generation.queued")
    async with client.stream("GET", PATH) as answer:
        stream = frames(answer)
        assert (await anext(stream)).event == "generation.queued"
        for kind in ("generation.running", "generation.canceled"):
            await rows.event(generation, kind)
            async with asyncio.timeout(1.5):  # the poll would take longer
                await valkey.publish(EVENT, generation.hex)
                assert (await anext(stream)).event == kind
        assert [frame async for frame in stream] == []


async def test_last_event_id_continues_behind_it(client: httpx.AsyncClient, rows: Rows, generation: UUID) -> None:
    for kind in ("generation.queued", "generation.running", "generation.succeeded"):
        await rows.event(generation, kind)
    everything = await read_all(client)
    rest = await read_all(client, **{"Last-Event-ID": everything[0].id})
    assert rest == everything[1:]
    assert await read_all(client, **{"Last-Event-ID": "'; DROP TABLE events_event; --"}) == everything
    done = await client.get(PATH, headers={"Last-Event-ID": everything[-1].id})
    assert (done.status_code, done.content) == (204, b"")


async def test_more_events_than_a_page(
    client: httpx.AsyncClient, rows: Rows, generation: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cavendish.wait.stream.PAGE", 2)
    for _ in range(5):
        await rows.event(generation, "generation.note")
    await rows.event(generation, "generation.succeeded")
    everything = await read_all(client)
    assert len(everything) == 6
    assert await read_all(client, **{"Last-Event-ID": everything[2].id}) == everything[3:]


async def test_an_event_below_a_late_commit_is_neither_skipped_nor_reordered(
    client: httpx.AsyncClient, rows: Rows, generation: UUID, valkey: OwnValkey
) -> None:
    """The older transaction commits last; its event has the lower cursor and must still come, and come first."""
    async with await psycopg.AsyncConnection.connect(conninfo("operator")) as late:
        await late.execute("SELECT event_add(%s, %s, 'generation.running', '{}')", [rows.tenant, generation])
        await rows.event(generation, "generation.succeeded")
        reading = asyncio.create_task(read_all(client))
        await asyncio.sleep(0.1)
        await valkey.publish(EVENT, generation.hex)
        await asyncio.sleep(0.2)
        assert not reading.done()
        await late.commit()
        async with asyncio.timeout(3):
            got = await reading
    assert [frame.event for frame in got] == ["generation.running", "generation.succeeded"]


async def test_without_valkey_events_still_come(
    client: httpx.AsyncClient, rows: Rows, generation: UUID, valkey: OwnValkey, layer: WaitLayer
) -> None:
    valkey.kill()
    await until_subscribed(layer.hub, yes=False)
    reading = asyncio.create_task(read_all(client))
    await asyncio.sleep(0.1)
    await rows.event(generation, "generation.succeeded")
    async with asyncio.timeout(4):
        assert [frame.event for frame in await reading] == ["generation.succeeded"]


async def test_the_end_of_a_job_is_seen_even_if_the_event_s_message_was_lost(
    client: httpx.AsyncClient, rows: Rows, generation: UUID
) -> None:
    reading = asyncio.create_task(read_all(client))
    await asyncio.sleep(0.1)
    await rows.event(generation, "generation.failed")
    await rows.end(generation, "failed")
    async with asyncio.timeout(4):
        assert [frame.event for frame in await reading] == ["generation.failed"]


async def test_signs_of_life(
    client: httpx.AsyncClient, generation: UUID, monkeypatch: pytest.MonkeyPatch, layer: WaitLayer
) -> None:
    monkeypatch.setattr("cavendish.wait.stream.KEEP_ALIVE_SECONDS", 0.1)
    async with client.stream("GET", PATH) as answer:
        chunks = answer.aiter_bytes()
        assert await anext(chunks) == b": keep-alive\n\n"
        assert await anext(chunks) == b": keep-alive\n\n"
        layer.hub.drain()
        # The stream ends in good order at a shutdown: the client comes back with Last-Event-ID.
        assert [chunk async for chunk in chunks if chunk != b": keep-alive\n\n"] == []


async def test_a_reader_that_leaves_leaves_nothing_behind(
    client: httpx.AsyncClient, generation: UUID, layer: WaitLayer
) -> None:
    async with client.stream("GET", PATH):
        await until(lambda: bool(layer.hub._bells))
    await until(lambda: not layer.hub._bells)


async def test_head_answers_headers_only(client: httpx.AsyncClient, generation: UUID) -> None:
    answer = await client.head(PATH)
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, "text/event-stream", b"")


async def test_beats_of_a_stream_that_nothing_happens_to_ask_nobody(
    client: httpx.AsyncClient, source: Database, generation: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cavendish.wait.stream.KEEP_ALIVE_SECONDS", 0.05)
    reads = 0
    events = source.events

    async def counting(**given: Any) -> list[Event]:
        nonlocal reads
        reads += 1
        return await events(**given)

    sleeps = 0
    wait = asyncio.wait

    async def counting_wait(*given: Any, **options: Any) -> Any:
        nonlocal sleeps
        sleeps += 1
        return await wait(*given, **options)

    monkeypatch.setattr(source, "events", counting)
    async with client.stream("GET", PATH) as answer:
        chunks = answer.aiter_bytes()
        await anext(chunks)
        monkeypatch.setattr("cavendish.wait.stream.asyncio.wait", counting_wait)
        for _ in range(6):
            assert (await anext(chunks)).startswith(b": keep-alive")
        monkeypatch.undo()
    assert reads == 1
    # Between two signs of life it sleeps once, and once more where the clock was a hair early.
    assert sleeps <= 14
