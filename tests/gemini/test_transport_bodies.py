"""Requests with bodies, and answers that come before all of a body was sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.gemini.raw import Peer, ask, raw, request, says_once, transport_of
from tests.gemini.test_transport import FIVE

MEGABYTE = b"x" * 1024 * 1024


async def of(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


class Source:
    """A body whose end nobody has seen, unless `pieces` are fewer."""

    def __init__(self, pieces: int = 200) -> None:
        self.pieces = pieces
        self.given = 0

    @property
    def length(self) -> dict[str, str]:
        return {"Content-Length": str(self.pieces * len(MEGABYTE))}

    async def stream(self) -> AsyncIterator[bytes]:
        for _ in range(self.pieces):
            self.given += 1
            yield MEGABYTE


@pytest.mark.parametrize("parts", [[b"hello"], [b"", b"he", b"", b"llo"], [b"hell" * 30_000, b"o"]])
async def test_a_body_of_known_length(parts: list[bytes]) -> None:
    whole = b"".join(parts)
    got = []

    async def script(peer: Peer) -> None:
        while True:
            assert b"content-length: %d\r\n" % len(whole) in (await peer.head()).lower()
            got.append(await peer.reader.readexactly(len(whole)))
            await peer.say(FIVE)

    async with raw(script) as server, transport_of() as transport:
        for _ in range(2):
            await ask(transport, server.url, "POST", content=of(*parts), headers={"Content-Length": str(len(whole))})
        assert len(server.peers) == 1
    assert got == [whole, whole]


async def test_a_body_of_unknown_length_is_chunked() -> None:
    got = []

    async def script(peer: Peer) -> None:
        while True:
            assert b"transfer-encoding: chunked\r\n" in (await peer.head()).lower()
            got.append(await peer.reader.readuntil(b"0\r\n\r\n"))
            await peer.say(FIVE)

    async with raw(script) as server, transport_of() as transport:
        for _ in range(2):
            await ask(transport, server.url, "POST", content=of(b"he", b"", b"l" * 11))
        assert len(server.peers) == 1
    assert got == [b"2\r\nhe\r\nb\r\nlllllllllll\r\n0\r\n\r\n"] * 2


@pytest.mark.parametrize("parts", [[b"hell"], [b"hello", b"!"], []])
async def test_a_body_of_another_length_is_no_request(parts: list[bytes]) -> None:
    async with raw(says_once(FIVE)) as server, transport_of() as transport:
        with pytest.raises(httpx.LocalProtocolError):
            await ask(transport, server.url, "POST", content=of(*parts), headers={"Content-Length": "5"})
        assert not any(transport._idle.values())


async def test_an_error_of_the_source_closes_the_connection() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"he"
        raise LookupError("gone")

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.reader.readexactly(5)

    async with raw(script) as server, transport_of() as transport:
        with pytest.raises(LookupError):
            await ask(transport, server.url, "POST", content=broken(), headers={"Content-Length": "5"})
        await asyncio.wait_for(server.peers[0].closed.wait(), 2)


REFUSAL = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"


@pytest.mark.parametrize("then", ["stays", "closes", "reads on"])
async def test_a_refusal_comes_before_the_whole_body(then: str) -> None:
    source = Source()

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.reader.readexactly(100_000)
        await peer.say(REFUSAL)
        if then == "closes":
            peer.writer.write_eof()
        while then == "reads on" and await peer.reader.read(1024 * 1024):
            pass
        await asyncio.sleep(0.2)

    async with raw(script) as server, transport_of() as transport:
        response, body = await ask(transport, server.url, "POST", content=source.stream(), headers=source.length)
        assert (response.status_code, body) == (413, b"no")
        assert source.given < 100
        assert not any(transport._idle.values())


async def test_a_good_answer_that_comes_early_waits_for_the_body() -> None:
    source = Source(pieces=20)
    got = 0

    async def script(peer: Peer) -> None:
        nonlocal got
        await peer.head()
        await peer.say(b"HTTP/1.1 100 Continue\r\n\r\n", FIVE)
        while got < 20 * len(MEGABYTE):
            got += len(await peer.reader.read(1024 * 1024))
        await asyncio.sleep(5)

    async with raw(script) as server, transport_of() as transport:
        _, body = await ask(transport, server.url, "POST", content=source.stream(), headers=source.length)
        assert body == b"hello"
        for _ in range(200):
            if got == 20 * len(MEGABYTE):
                break
            await asyncio.sleep(0.01)
        assert got == 20 * len(MEGABYTE)


async def test_a_peer_that_closes_while_a_body_is_sent() -> None:
    source = Source()

    async def script(peer: Peer) -> None:
        await peer.head()
        peer.writer.transport.abort()

    async with raw(script) as server, transport_of() as transport:
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            await transport.handle_async_request(
                request(server.url, "POST", content=source.stream(), headers=source.length)
            )
        assert len(server.peers) == 1
        assert source.given < 100


async def test_a_peer_that_does_not_read() -> None:
    source = Source()

    async def script(peer: Peer) -> None:
        await peer.head()
        await asyncio.sleep(5)

    async with raw(script) as server, transport_of() as transport:
        with pytest.raises(httpx.WriteTimeout):
            await transport.handle_async_request(
                request(server.url, "POST", content=source.stream(), headers=source.length, times={"write": 0.1})
            )
        assert source.given < 100
