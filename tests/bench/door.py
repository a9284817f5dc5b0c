"""What a neighbour notices of strangers and of a hostile tenant: its p99 with and without them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from tests.bench.calls import Connection, Reply, request
from tests.bench.lines import Line, percentile
from tests.bench.stack import BenchError, Stack
from tests.tarpit import tarpit

STALLED = 600
UPLOADS = 40
STREAMS = 1000
TARPITS = 64
FLASH = "gemini-3.1-flash-image"
SECONDS = 12.0
PAUSE = 0.02
FLOOD = b"a" * (256 * 1024)
CALLERS = 4
"""How many ask at once, as the neighbour's programs do."""


async def door(stack: Stack, quick: bool) -> list[Line]:
    """The neighbour reads its models and asks for health, again and again."""
    seconds = SECONDS / 3 if quick else SECONDS
    quiet = await _neighbour(stack, seconds)
    async with _strangers(stack):
        besides_strangers = await _neighbour(stack, seconds)
    async with _hostile_tenant(stack):
        besides_tenant = await _neighbour(stack, seconds)
    async with _fetching(stack):
        besides_fetches = await _neighbour(stack, seconds)
    async with _reading_documents(stack):
        besides_readers = await _neighbour(stack, seconds)
    base = percentile(quiet, 99)
    lines = [Line("neighbour's call alone, p50 / p99", _both(quiet))]
    for what, measured in (
        (f"{STALLED} stalled connections, a header flood, {UPLOADS} uploads without a key", besides_strangers),
        (f"a tenant with {STREAMS} open bodies that drip", besides_tenant),
        (f"a tenant's {TARPITS} requests for pictures of a host that dawdles", besides_fetches),
        ("32 readers of the OpenAPI document", besides_readers),
    ):
        worse = percentile(measured, 99)
        lines.append(
            Line(f"the same beside {what}", _both(measured), "p99 <= 3 × alone + 50 ms", worse <= 3 * base + 50)
        )
    return lines


def _both(values: list[float]) -> str:
    return f"{percentile(values, 50):.1f} / {percentile(values, 99):.1f} ms"


async def _neighbour(stack: Stack, seconds: float) -> list[float]:
    """Milliseconds of each call."""
    took: list[float] = []
    calls = (request("GET", "/api/v1/models", key=stack.keys[0]), request("GET", "/healthz"))
    until = time.monotonic() + seconds

    async def one() -> None:
        async with Connection(stack.port) as connection:
            while time.monotonic() < until:
                for call in calls:
                    reply: Reply = await connection.call(call)
                    if reply.status != 200:
                        raise BenchError(f"The neighbour got {reply.status}")
                    took.append(reply.seconds * 1000)
                await asyncio.sleep(PAUSE)

    async with asyncio.TaskGroup() as group:
        for _ in range(CALLERS):
            group.create_task(one())
    return took


@asynccontextmanager
async def _running(*workers: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Each runs again and again until the block is over."""

    async def again(worker: Callable[[], Awaitable[None]]) -> None:
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, ValueError):
                await worker()
            await asyncio.sleep(0.05)

    tasks = [asyncio.create_task(again(worker)) for worker in workers]
    await asyncio.sleep(1)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def _strangers(stack: Stack) -> AsyncIterator[None]:
    head = f"POST /api/v1/files HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {2**31}\r\n\r\n".encode()

    async def stalled(number: int) -> None:
        """A connection that says nothing, half a head, or half a body, until the server closes it."""
        async with _connection(stack.port) as (reader, writer):
            writer.write((b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-", head + b"half")[number % 3])
            while await reader.read(65536):
                pass

    async def flood() -> None:
        async with _connection(stack.port) as (_, writer):
            writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ")
            while not writer.is_closing():
                writer.write(FLOOD)
                await writer.drain()

    async def upload() -> None:
        async with _connection(stack.port) as (_, writer):
            writer.write(head)
            while not writer.is_closing():
                writer.write(FLOOD)
                await writer.drain()

    async with _running(*(lambda n=n: stalled(n) for n in range(STALLED)), flood, *[upload] * UPLOADS):
        yield


@asynccontextmanager
async def _hostile_tenant(stack: Stack) -> AsyncIterator[None]:
    """Bodies of the other tenant that come as slowly as they may, all at once."""
    lines = ["POST /api/v1/generations HTTP/1.1", "Host: 127.0.0.1", "Content-Length: 1000000"]
    head = "\r\n".join([*lines, f"Authorization: Bearer {stack.keys[1]}", "", ""]).encode()
    async with AsyncExitStack() as connections:
        writers = []
        for _ in range(STREAMS):
            _, writer = await connections.enter_async_context(_connection(stack.port))
            writer.write(head)
            writers.append(writer)

        async def drip() -> None:
            for number, writer in enumerate(writers):
                if not writer.is_closing():
                    writer.write(b" ")
                if number % 100 == 0:
                    await asyncio.sleep(0.1)

        async with _running(drip):
            yield


@asynccontextmanager
async def _fetching(stack: Stack) -> AsyncIterator[None]:
    """Quotes of the other tenant, which cost it nothing, for a picture that comes a byte at a time."""
    with tarpit() as pit:
        body = {"model": FLASH, "input": [{"type": "text", "text": "x"}, {"type": "image", "uri": pit.url()}]}
        call = request("POST", "/api/v1/quotes", key=stack.keys[1], body=json.dumps(body).encode())

        async def quote() -> None:
            async with Connection(stack.port) as connection:
                await connection.call(call)
            await asyncio.sleep(5)  # as those are told that the bound of the tenant refuses

        async with _running(*[quote] * TARPITS):
            yield


@asynccontextmanager
async def _reading_documents(stack: Stack) -> AsyncIterator[None]:
    call = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: br\r\n\r\n"

    async def read() -> None:
        async with Connection(stack.port) as connection:
            for _ in range(10):
                await connection.call(call)

    async with _running(*[read] * 32):
        yield


@asynccontextmanager
async def _connection(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
