"""What is measured. Each function answers the lines of the table that it fills."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

import psutil

from tests.bench.books import books
from tests.bench.calls import Connection, Reply, direct, generation, interaction, load, request
from tests.bench.charging import charging
from tests.bench.door import door
from tests.bench.draining import drained
from tests.bench.floor import floor
from tests.bench.gate import gate
from tests.bench.growth import growth
from tests.bench.idempotency import idempotency
from tests.bench.lines import Line, percentile
from tests.bench.memory import forget_peaks, peak_rss, watched
from tests.bench.pictures import LARGE, SMALL, TINY, Size
from tests.bench.seen import seen
from tests.bench.stack import BenchError, Stack
from tests.bench.streams import streams
from tests.bench.thumbnails import thumbnails
from tests.bench.walls import walls
from tests.bench.webhooks import webhooks

MB = 1024 * 1024
HERD_SECONDS = 18


def succeeded(reply: Reply) -> Reply:
    if reply.status != 200 or reply.json()["status"] != "succeeded":
        raise BenchError(f"A generation did not succeed: {reply.status} {reply.body[:500].decode(errors='replace')}")
    return reply


async def warm_up(stack: Stack, count: int = 24) -> None:
    """What is loaded late is loaded now. Small pictures only: what large ones cost in memory is yet to be measured."""
    await load(stack.port, 4, count, lambda c, _: _generate(c, generation(stack.keys[0], SMALL)))


async def _generate(connection: Connection, body: bytes) -> Reply:
    return succeeded(await connection.call(body))


async def pickup(stack: Stack, quick: bool) -> list[Line]:
    """How long a job lies before an idle worker has it."""
    waits = []
    async with Connection(stack.port) as connection:
        for _ in range(30 if quick else 100):
            shown = (await _generate(connection, generation(stack.keys[0], SMALL))).json()
            began, taken = (datetime.fromisoformat(shown[name]) for name in ("created_at", "started_at"))
            waits.append((taken - began).total_seconds() * 1000)
            await asyncio.sleep(0.1)
    p50, p99 = percentile(waits, 50), percentile(waits, 99)
    return [Line("pickup by an idle worker, p50 / p99", f"{p50:.1f} / {p99:.1f} ms", "p50 <= 15 ms", p50 <= 15)]


async def _interact(connection: Connection, body: bytes, size: Size) -> Reply:
    reply = await connection.call(body)
    if reply.status != 200 or reply.bytes <= size.bytes:
        raise BenchError(
            f"An interaction brought no picture: {reply.status} {reply.body[:500].decode(errors='replace')}"
        )
    return reply


def throughput(
    size: Size,
    clients: int,
    counts: tuple[int, int],
    *,
    aim: float = 0,
    latency_aim: float = 0,
    cost_aim: float = 0,
    sdk: bool = False,
) -> Row:
    """Waiting calls by that many clients, and the same calls to the upstream without us; `sdk` for those of Google's
    SDKs, whose answers hold the picture.
    """

    async def measure(stack: Stack, quick: bool) -> list[Line]:
        count = counts[0] if quick else counts[1]

        async def one(connection: Connection, _: int) -> Reply:
            return await (_interact(connection, body, size) if sdk else _generate(connection, body))

        # One at a time: what calls to it cost when many run at once is the machine's doing, not the upstream's.
        bare, _ = await load(stack.upstream_port, 1, max(count // 8, 20), lambda c, _: c.call(direct(size)))
        own = percentile([reply.seconds for reply in bare], 50)
        body = interaction(stack.keys[0], size) if sdk else generation(stack.keys[0], size)
        await load(stack.port, clients, 2 * clients, one)
        before = stack.processor_seconds()
        replies, seconds = await load(stack.port, clients, count, one)
        spent = {kind: 1000 * (after - before[kind]) / count for kind, after in stack.processor_seconds().items()}
        added = [(reply.seconds - own) * 1000 for reply in replies]
        p50, p99 = percentile(added, 50), percentile(added, 99)
        name = f"{size.bytes / 1e6:g} MB, {clients} at once" + (", to an SDK" if sdk else "")
        lines = [
            Line(
                f"added latency, {name}, p50 / p99",
                f"{p50:.0f} / {p99:.0f} ms",
                f"p50 <= {latency_aim:g} ms" if latency_aim else "",
                p50 <= latency_aim if latency_aim else None,
            )
        ]
        if clients > 1:
            rate = count / seconds
            lines.insert(
                0, Line(f"images per second, {name}", f"{rate:.1f}", f">= {aim:g}" if aim else "", rate >= aim)
            )
            parts = ", ".join(f"{kind} {spent[kind]:.1f}" for kind in ("web", "worker", "PostgreSQL", "Valkey"))
            cost = sum(spent.values())
            lines.append(
                Line(
                    f"processor time for one, {name}",
                    f"{cost:.1f} ms  ({parts})",
                    f"<= {cost_aim:g} ms" if cost_aim else "",
                    cost <= cost_aim if cost_aim else None,
                )
            )
        return lines

    return measure


async def downloads(stack: Stack, quick: bool) -> list[Line]:
    """As a client has it that wants the picture and not only its address."""

    async def one(connection: Connection, _: int) -> Reply:
        shown = (await _generate(connection, body)).json()["outputs"][0]
        picture = await connection.call(request("GET", "/" + shown["url"].split("/", 3)[3]))
        if picture.status != 200 or picture.bytes != shown["bytes"]:
            raise BenchError(f"A download failed: {picture.status}")
        return picture

    body = generation(stack.keys[0], SMALL)
    count = 150 if quick else 600
    _, seconds = await load(stack.port, 16, count, one)
    return [Line("images per second with their download, 1.4 MB, 16 at once", f"{count / seconds:.1f}")]


async def accepting(stack: Stack, quick: bool) -> list[Line]:
    """Jobs that are only accepted: the workers stand still meanwhile, and run them afterwards."""
    bodies = [generation(key, SMALL, wait=0) for key in stack.keys]
    count = 600 if quick else 1600

    async def one(connection: Connection, number: int) -> Reply:
        reply = await connection.call(bodies[number % 2])
        if reply.status != 202:
            raise BenchError(f"A job was not accepted: {reply.status} {reply.body[:300].decode(errors='replace')}")
        return reply

    workers = stack.named("worker")
    for worker in workers:
        worker.send_signal(signal.SIGSTOP)
    try:
        replies, seconds = await load(stack.port, 32, count, one)
    finally:
        for worker in workers:
            with suppress(psutil.Error):
                worker.send_signal(signal.SIGCONT)
    p99 = percentile([reply.seconds * 1000 for reply in replies], 99)
    whole = await drained(stack)
    return [
        Line("jobs accepted per second, 32 clients", f"{count / seconds:.0f}  (p99 {p99:.0f} ms)"),
        Line("images per second out of a full queue, 1.4 MB", f"{count / whole:.1f}"),
    ]


async def memory(stack: Stack, quick: bool) -> list[Line]:
    """What 16 pictures of 24 MB in flight take."""
    await asyncio.sleep(2)
    web, workers = stack.named("web"), stack.named("worker")
    forget_peaks([*web, *workers])
    body = generation(stack.keys[0], LARGE)
    with watched(stack) as watch:
        await load(stack.port, 16, 48 if quick else 160, lambda c, _: _generate(c, body))
    return [
        Line(
            "growth of all processes, 16 of 24 MB in flight",
            f"{watch.growth / MB:.0f} MB  (from {watch.before / MB:.0f} MB)",
            "<= 64 MB",
            watch.growth <= 64 * MB,
        ),
        Line("peak RSS of web / of a worker, 24 MB", f"{peak_rss(web) / MB:.0f} / {peak_rss(workers) / MB:.0f} MB"),
    ]


async def in_flight(stack: Stack, quick: bool) -> list[Line]:
    """2,000 clients wait for 2,000 upstream calls of 20 s each."""
    count, late = 2000, 20
    bodies = [generation(key, SMALL, wait=300, late=late) for key in stack.keys]
    web, workers = stack.named("web"), stack.named("worker")
    forget_peaks([*web, *workers])
    async with Connection(stack.upstream_port) as upstream:
        await upstream.call(request("POST", "/counts"))
        with watched(stack) as watch:
            replies, seconds = await load(stack.port, count, count, lambda c, n: _generate(c, bodies[n % 2]))
        counts = json.loads((await upstream.call(request("GET", "/counts"))).body)
    ended = {reply.json()["id"] for reply in replies}
    whole = len(ended) == count and counts["calls"] == count
    return [
        Line(
            f"upstream calls of {late} s in flight at once",
            f"{counts['most']}  ({len(ended)} ended, {counts['calls']} calls, {seconds:.0f} s)",
            f"{count}",
            whole and counts["most"] == count,
        ),
        Line(
            f"peak RSS of web / of a worker, {counts['most']} in flight",
            f"{peak_rss(web) / MB:.0f} / {peak_rss(workers) / MB:.0f} MB  (all grew {watch.growth / MB:.0f} MB)",
        ),
    ]


async def herd(stack: Stack, quick: bool) -> list[Line]:
    """2,000 SDK clients wait at once in interactions.create while the upstream takes 20 s for each.

    They come evenly over HERD_SECONDS and so their answers are due evenly: two cores cannot make 2,000 pictures in one
    second, however they are waited for. `added` is what a client waits beyond the upstream's 20 s.
    """
    count, late = 2000, 20
    bodies = [interaction(key, TINY, late=late) for key in stack.keys]
    web = stack.named("web")
    forget_peaks(web)
    before = sum(process.memory_info().rss for process in web)
    loop = asyncio.get_running_loop()
    began = loop.time()
    most_rss = before

    async def one(number: int) -> Reply:
        await asyncio.sleep(max(0.0, began + number * HERD_SECONDS / count - loop.time()))
        async with Connection(stack.port) as connection:
            return await connection.call(bodies[number % 2])

    at_first = stack.processor_seconds()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(number)) for number in range(count)]
        await asyncio.sleep(max(0.0, began + HERD_SECONDS - loop.time()))
        # All have come and none has been answered: what the web process holds for them now.
        waiting = sum(not task.done() for task in tasks)
        most_rss = sum(process.memory_info().rss for process in web)
    spent = {kind: 1000 * (after - at_first[kind]) / count for kind, after in stack.processor_seconds().items()}
    replies = [task.result() for task in tasks]
    whole = [reply for reply in replies if reply.status == 200 and reply.bytes > TINY.bytes]
    added = [reply.seconds - late for reply in replies]
    p50, p99 = percentile(added, 50), percentile(added, 99)
    name = f"{count} clients in interactions.create, upstream {late} s"
    return [
        Line(
            f"answered whole, {name}",
            f"{len(whole)}  ({waiting} waited at once)",
            f"{count}",
            len(whole) == waiting == count,
        ),
        Line(f"added latency, {name}, p50 / p99", f"{p50:.2f} / {p99:.2f} s", "p99 <= 1 s", p99 <= 1),
        Line("memory of web for one that waits", f"{(most_rss - before) / count / 1024:.1f} KB"),
        Line(
            "processor time for one of the herd",
            f"{sum(spent.values()):.1f} ms  "
            f"({', '.join(f'{kind} {spent[kind]:.1f}' for kind in ('web', 'worker', 'PostgreSQL', 'Valkey'))})",
        ),
    ]


Row = Callable[[Stack, bool], Awaitable[list[Line]]]

# In the order in which they run: memory before anything else handles a large picture.
ROWS: dict[str, Row] = {
    "pickup": pickup,
    "small-1": throughput(SMALL, 1, (60, 200), latency_aim=40),
    "memory": memory,
    "small-16": throughput(SMALL, 16, (300, 1200), aim=60, cost_aim=9),
    "sdk-1": throughput(SMALL, 1, (60, 200), sdk=True),
    "sdk-16": throughput(SMALL, 16, (300, 1200), cost_aim=12, sdk=True),
    "floor": floor,
    "downloads": downloads,
    "large-1": throughput(LARGE, 1, (8, 25)),
    "large-16": throughput(LARGE, 16, (48, 160), aim=8),
    "accepting": accepting,
    "in-flight": in_flight,
    "gate": gate,
    "door": door,
    "walls": walls,
    "seen": seen,
    "idempotency": idempotency,
    "thumbnails": thumbnails,
    "books": books,
    "charging": charging,
    "growth": growth,
    "herd": herd,
    "streams": streams,
    "webhooks": webhooks,
}
