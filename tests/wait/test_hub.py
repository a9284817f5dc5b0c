"""The hub on its own: what it remembers, what it forgets, and how it notices that Valkey is away."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from cavendish.messaging.valkey import ENDED, EVENT
from cavendish.wait.database import Database
from cavendish.wait.hub import Hub
from tests.wait.servers import OwnValkey, Rows, until, until_subscribed


@pytest.fixture
async def hub(valkey: OwnValkey, source: Database) -> AsyncIterator[Hub]:
    made = Hub(valkey_url=valkey.url, source=source)
    made.start()
    await until_subscribed(made)
    yield made
    await made.close()


async def ends_at_once(hub: Hub, generation: UUID) -> bool:
    with hub.waiting(generation) as ended:
        return ended.done()


async def test_one_message_wakes_all_who_wait_for_that_job_and_nobody_else(hub: Hub, valkey: OwnValkey) -> None:
    mine, other = uuid4(), uuid4()
    with hub.waiting(mine) as first, hub.waiting(mine) as second, hub.waiting(other) as third:
        assert hub.waiting_count == 3
        await valkey.publish(ENDED, mine.hex)
        async with asyncio.timeout(2):
            assert (await first, await second) == (True, True)
        assert not third.done()
    assert hub.waiting_count == 0
    assert hub._waiters == {}


async def test_ends_are_remembered_for_a_minute(hub: Hub, valkey: OwnValkey, monkeypatch: pytest.MonkeyPatch) -> None:
    generation = uuid4()
    assert not await ends_at_once(hub, generation)
    await valkey.publish(ENDED, generation.hex)
    await until(lambda: bool(hub._recent))
    assert await ends_at_once(hub, generation)
    monkeypatch.setattr("cavendish.wait.hub.REMEMBER_SECONDS", 0.0)
    assert not await ends_at_once(hub, generation)
    await valkey.publish(ENDED, uuid4().hex)
    await until(lambda: generation not in hub._recent)


async def test_the_memory_of_ends_is_bounded(hub: Hub, valkey: OwnValkey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cavendish.wait.hub.REMEMBER_COUNT", 3)
    jobs = [uuid4() for _ in range(5)]
    for job in jobs:
        await valkey.publish(ENDED, job.hex)
    await until(lambda: jobs[-1] in hub._recent)
    assert list(hub._recent) == jobs[2:]


async def test_what_is_no_id_is_ignored(hub: Hub, valkey: OwnValkey) -> None:
    for channel in (ENDED, EVENT):
        for payload in ("", "x", "gen_", "'; --"):
            assert await valkey.publish(channel, payload) == 1
    generation = uuid4()
    await valkey.publish(ENDED, generation.hex)
    await until(lambda: generation in hub._recent)
    assert list(hub._recent) == [generation]


async def test_a_dead_peer_that_keeps_its_connections_is_noticed(
    valkey: OwnValkey, source: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cavendish.messaging.subscription.QUIET_SECONDS", 0.1)
    monkeypatch.setattr("cavendish.messaging.subscription.ANSWER_SECONDS", 0.2)
    hub = Hub(valkey_url=valkey.url, source=source)
    hub.start()
    await until_subscribed(hub)
    await asyncio.sleep(0.5)
    assert (hub.subscribed, hub.counters.losses) == (True, 0)
    valkey.signal(signal.SIGSTOP)
    await until_subscribed(hub, yes=False)
    valkey.signal(signal.SIGCONT)
    await until_subscribed(hub)
    assert hub.counters.losses == 1
    await hub.close()


async def test_a_job_that_ended_while_valkey_restarted_is_found_when_it_is_back(
    hub: Hub, valkey: OwnValkey, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cavendish.wait.hub.POLL_SECONDS", 60.0)
    monkeypatch.setattr("cavendish.wait.hub.POLL_SECONDS_ALONE", 60.0)
    generation = await rows.generation()
    await until(lambda: not hub._poll_soon.is_set())
    with hub.waiting(generation) as ended:
        valkey.kill()
        await until_subscribed(hub, yes=False)
        await rows.end(generation)
        await valkey.start()
        async with asyncio.timeout(5):
            assert await ended
        assert await ends_at_once(hub, generation)


async def test_without_a_valkey_at_all_the_poll_alone_wakes(source: Database, rows: Rows) -> None:
    hub = Hub(valkey_url="", source=source)
    generation = await rows.generation()
    with hub.waiting(generation) as ended:
        await rows.end(generation, "canceled")
        async with asyncio.timeout(2):
            assert await ended
    assert hub.counters.polled == 1
    await hub.close()


async def test_closing_answers_who_waits_and_leaves_no_task(valkey: OwnValkey, source: Database) -> None:
    before = asyncio.all_tasks()
    hub = Hub(valkey_url=valkey.url, source=source)
    with hub.waiting(uuid4()) as ended:
        await until_subscribed(hub)
        await hub.close()
        assert await ended is False
    assert await ends_at_once(hub, uuid4())
    await until(lambda: not asyncio.all_tasks() - before)
