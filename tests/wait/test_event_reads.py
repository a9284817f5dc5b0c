"""Reads of events are shared, and never with one that may have missed what the asker was told of."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

from cavendish.wait.database import Event
from cavendish.wait.event_reads import EventReads

TENANT, JOB = uuid4(), uuid4()


class Table:
    """What is there is read when a reading begins; the answer comes when `go` is set."""

    def __init__(self) -> None:
        self.rows: list[Event] = []
        self.reads = 0
        self.running = self.most = 0
        self.go = asyncio.Event()
        self.error: Exception | None = None

    async def ended(self, ids: Sequence[UUID]) -> set[UUID]:
        return set()

    async def events(self, *, tenant: UUID, generation: UUID | None, after: str, limit: int) -> list[Event]:
        self.reads += 1
        self.running += 1
        self.most = max(self.most, self.running)
        seen = list(self.rows)
        await self.go.wait()
        self.running -= 1
        if self.error:
            raise self.error
        return seen

    async def close(self) -> None:
        return None

    def add(self) -> None:
        self.rows.append(Event(str(len(self.rows)), "generation.started", {}, datetime.now(UTC)))


async def ask(reads: EventReads, after: str = "") -> list[Event]:
    return await reads.events(tenant=TENANT, generation=JOB, after=after, limit=100)


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_those_who_ask_at_once_share_a_reading() -> None:
    table = Table()
    table.go.set()
    reads = EventReads(table)
    table.add()
    answers = await asyncio.gather(*(ask(reads) for _ in range(5000)))
    assert {len(answer) for answer in answers} == {1}
    assert table.reads == 1
    await ask(reads)
    assert table.reads == 2


async def test_who_asks_while_one_runs_gets_the_next() -> None:
    table = Table()
    reads = EventReads(table)
    first = asyncio.create_task(ask(reads))
    await turns()
    # An event is committed and told of while the first reading is on its way.
    table.add()
    later = [asyncio.create_task(ask(reads)) for _ in range(100)]
    await turns()
    assert table.reads == 1
    table.go.set()
    assert await first == []
    assert [len(answer) for answer in await asyncio.gather(*later)] == [1] * 100
    assert (table.reads, table.most) == (2, 1)
    assert (reads._running, reads._next) == ({}, {})


async def test_other_cursors_are_other_readings() -> None:
    table = Table()
    table.go.set()
    reads = EventReads(table)
    await asyncio.gather(ask(reads, "1"), ask(reads, "2"), ask(reads, "1"))
    assert table.reads == 2


async def test_who_hangs_up_does_not_end_it_for_the_others() -> None:
    table = Table()
    reads = EventReads(table)
    first, second = asyncio.create_task(ask(reads)), asyncio.create_task(ask(reads))
    await turns()
    first.cancel()
    table.go.set()
    assert await second == []


async def test_an_error_is_everybodys_and_the_next_reading_is_new() -> None:
    table = Table()
    table.error = OSError()
    table.go.set()
    reads = EventReads(table)
    answers = await asyncio.gather(ask(reads), ask(reads), return_exceptions=True)
    assert [type(answer) for answer in answers] == [OSError, OSError]
    table.error = None
    assert await ask(reads) == []
