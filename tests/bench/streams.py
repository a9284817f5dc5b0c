"""Thousands of clients that follow events on one web process: what each costs it, and when they are told."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from tests.bench.calls import Connection, generation, request
from tests.bench.draining import drained
from tests.bench.lines import Line, percentile
from tests.bench.pictures import TINY
from tests.bench.stack import BenchError, Stack
from tests.bench.walls import queue_unlimited, standing

WAITERS, JOBS = 5000, 50
OPENING = 64
"""Streams that are being opened at once."""
AIM_KB, AIM_SECONDS = 50.0, 1.0
SETTLED = 2.0
PATIENCE = 120.0
AT = b'"at": "'


@dataclass
class Told:
    """When the end of a job was written, and when its waiter read of it, in Unix time."""

    written: float
    read: float


async def streams(stack: Stack, quick: bool) -> list[Line]:
    """Many wait for each job, as pages that are open in many places do; all jobs end at about the same time."""
    queue_unlimited(stack)
    (web,) = stack.named("web")
    with standing(stack):
        async with Connection(stack.port) as connection:
            jobs = []
            for number in range(JOBS):
                reply = await connection.call(generation(stack.keys[number % 2], TINY, wait=0))
                jobs.append((stack.keys[number % 2], reply.json()["id"]))
        before = web.memory_info().rss
        slots = asyncio.Semaphore(OPENING)
        opening = (_open(stack.port, *jobs[number % JOBS], slots) for number in range(WAITERS))
        async with asyncio.timeout(PATIENCE):
            followers = await asyncio.gather(*opening)
        await asyncio.sleep(SETTLED)
        memory = (web.memory_info().rss - before) / WAITERS / 1024
        at_first = stack.processor_seconds()["web"]
    async with asyncio.timeout(PATIENCE):
        told = await asyncio.gather(*(follower.told for follower in followers))
    spent = 1000 * (stack.processor_seconds()["web"] - at_first) / WAITERS
    await drained(stack)
    delays = [each.read - each.written for each in told]
    p50, p99 = percentile(delays, 50), percentile(delays, 99)
    name = f"{WAITERS} event streams of {JOBS} jobs"
    return [
        Line(f"memory of web for one of {name}", f"{memory:.1f} KB", f"<= {AIM_KB:g} KB", memory <= AIM_KB),
        Line(
            f"told of the end, {name}, p50 / p99",
            f"{p50:.2f} / {p99:.2f} s  (web {spent:.2f} ms each)",
            f"p99 <= {AIM_SECONDS:g} s",
            p99 <= AIM_SECONDS,
        ),
    ]


class _Follower(asyncio.Protocol):
    """A stream's client; thousands of asyncio's own readers would take the cores that are measured."""

    def __init__(self, asking: bytes) -> None:
        self._asking = asking
        self._read = b""
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.told: asyncio.Future[Told] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclasses
        self._transport.write(self._asking)

    def data_received(self, data: bytes) -> None:
        self._read += data
        if not self.opened.done() and (
            b"event: generation.queued" in data or not self._read.startswith(b"HTTP/1.1 200")
        ):
            self.opened.set_result(None)
        at = data.find(b"event: generation.succeeded")
        if at >= 0 and not self.told.done():
            read = time.time()
            written = data[data.index(AT, at) + len(AT) :].partition(b'"')[0].decode()
            self.told.set_result(Told(datetime.fromisoformat(written).timestamp(), read))
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        for future in (self.opened, self.told):
            if not future.done():
                future.set_exception(BenchError(f"A stream ended: {self._read[:200].decode(errors='replace')}"))


async def _open(port: int, key: str, job: str, slots: asyncio.Semaphore) -> _Follower:
    asking = request("GET", f"/api/v1/generations/{job}/events", key=key)
    async with slots:
        _, follower = await asyncio.get_running_loop().create_connection(lambda: _Follower(asking), "127.0.0.1", port)
        await follower.opened
    return follower
