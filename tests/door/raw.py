"""Raw connections, which send what no library would, and a server with the bounds that `up` and the units use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import uvicorn
from django.db import connections

from cavendish.http.bounded_protocol import ConnectionLimits, bounded_protocol

T = TypeVar("T")
App = Callable[[Any, Any, Any], Awaitable[None]]


@asynccontextmanager
async def serving(app: App, limits: ConnectionLimits | None = None, *, lifespan: str = "off") -> AsyncIterator[int]:
    """The application under a real server on this loop; yields its port."""
    config = uvicorn.Config(
        app,
        port=0,
        http=bounded_protocol(limits or ConnectionLimits()),
        ws="none",
        log_level="error",
        lifespan="on" if lifespan == "on" else "off",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    listener = config.bind_socket()
    task = asyncio.create_task(server._serve(sockets=[listener]))
    try:
        async with asyncio.timeout(20):
            while not server.started:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await task
        listener.close()


async def aside(work: Callable[[], T]) -> T:
    """Runs what asks the database in a thread, as Django wants it beside a loop."""

    def run() -> T:
        try:
            return work()
        finally:
            connections.close_all()

    return await asyncio.to_thread(run)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Raw:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        """Hands the bytes on; a server that has closed is found by reading."""
        try:
            self.writer.write(data)
            await self.writer.drain()
        except ConnectionError:
            pass

    async def answer(self, *, seconds: float = 20) -> Answer:
        """The next answer, which has a Content-Length."""
        async with asyncio.timeout(seconds):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.split("\r\n")[:-2]
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(first.split(" ")[1]), headers, body)

    async def rest(self, *, seconds: float = 20) -> bytes:
        """What comes until the server closes."""
        async with asyncio.timeout(seconds):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    def close(self) -> None:
        self.writer.close()


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Raw]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    raw = Raw(reader, writer)
    try:
        yield raw
    finally:
        raw.close()
