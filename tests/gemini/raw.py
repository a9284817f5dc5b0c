"""A server that says to a connection, byte for byte, what a test tells it to."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from cavendish.gemini.client._transport import Transport

TIMES: dict[str, float | None] = {"connect": 5.0, "read": 5.0, "write": 5.0, "pool": None}


@dataclass
class Peer:
    """The server's side of one connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    heads: list[bytes] = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def head(self) -> bytes:
        """Returns the next request's head. Raises IncompleteReadError where the client closes instead."""
        self.heads.append(await self.reader.readuntil(b"\r\n\r\n"))
        return self.heads[-1]

    async def say(self, *parts: bytes) -> None:
        """Sends the parts one by one, so that the client reads most of them alone."""
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()
            await asyncio.sleep(0.005)


@dataclass
class Raw:
    url: str = ""
    peers: list[Peer] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return sum(len(peer.heads) for peer in self.peers)


@asynccontextmanager
async def raw(
    script: Callable[[Peer], Awaitable[None]], *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[Raw]:
    """`script` runs once for each connection, which is closed behind it."""
    listening = Raw()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(peer: Peer) -> None:
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                await script(peer)
        finally:
            peer.closed.set()
            peer.writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listening.peers.append(Peer(reader, writer))
        tasks.add(asyncio.create_task(serve(listening.peers[-1])))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls, backlog=4096)
    listening.url = f"{'https' if tls else 'http'}://{host}:{server.sockets[0].getsockname()[1]}"
    try:
        yield listening
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def transport_of(kept: float = 60.0) -> AsyncIterator[Transport]:
    transport = Transport(tls=httpx.create_ssl_context(), kept=kept)
    try:
        yield transport
    finally:
        await transport.aclose()


def request(url: str, method: str = "GET", *, content: Any = None, **more: Any) -> httpx.Request:
    times = {**TIMES, **more.pop("times", {})}
    return httpx.Request(method, url, content=content, extensions={"timeout": times}, **more)


async def ask(transport: Transport, url: str, method: str = "GET", **more: Any) -> tuple[httpx.Response, bytes]:
    """The whole of an answer."""
    response = await transport.handle_async_request(request(url, method, **more))
    try:
        return response, b"".join([piece async for piece in response.aiter_raw()])
    finally:
        await response.aclose()


def says(*parts: bytes) -> Callable[[Peer], Awaitable[None]]:
    """Answers every request of a connection with the same bytes."""

    async def script(peer: Peer) -> None:
        while True:
            await peer.head()
            await peer.say(*parts)

    return script


def says_once(*parts: bytes) -> Callable[[Peer], Awaitable[None]]:
    """Answers one request and closes."""

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.say(*parts)

    return script
