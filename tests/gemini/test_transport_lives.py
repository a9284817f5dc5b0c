"""How connections begin, wait, are used again and end."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gemini.helpers import until
from tests.gemini.raw import Peer, Raw, ask, raw, request, says, transport_of
from tests.gemini.test_network import certificate, server_side
from tests.gemini.test_transport import FIVE, OK

__all__ = ["certificate"]


async def silent(peer: Peer) -> None:
    await peer.head()
    await peer.reader.read()


async def half(peer: Peer) -> None:
    await peer.head()
    await peer.say(OK + b"Content-Length: 5\r\n\r\nhe")
    await peer.reader.read()


async def closed(server: Raw, number: int = 0) -> None:
    await asyncio.wait_for(server.peers[number].closed.wait(), 2)


async def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with transport_of() as transport:
            with pytest.raises(httpx.ConnectError):
                await ask(transport, f"http://127.0.0.1:{taken.getsockname()[1]}/")


async def test_no_such_host() -> None:
    async with transport_of() as transport:
        with pytest.raises(httpx.ConnectError):
            await ask(transport, "http://nowhere.invalid/")


async def test_a_peer_that_does_not_greet() -> None:
    async with raw(silent) as server, transport_of() as transport:
        with pytest.raises(httpx.ConnectTimeout):
            await ask(transport, server.url.replace("http:", "https:"), times={"connect": 0.1})
        await closed(server)


async def test_a_peer_that_speaks_no_tls() -> None:
    async def script(peer: Peer) -> None:
        await peer.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with raw(script) as server, transport_of() as transport:
        with pytest.raises(httpx.ConnectError):
            await ask(transport, server.url.replace("http:", "https:"))


async def test_the_name_is_sent_and_checked(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    names: list[Any] = []
    tls = server_side(certificate)
    tls.sni_callback = lambda _, name, __: names.append(name)
    tls.set_alpn_protocols(["h2", "http/1.1"])
    async with raw(says(FIVE), tls=tls, host="localhost") as server, transport_of() as transport:
        with pytest.raises(httpx.ConnectError):  # the certificate is for an address
            await ask(transport, server.url)
        url = server.url.replace("localhost", "127.0.0.1")
        for _ in range(2):
            assert (await ask(transport, url))[1] == b"hello"
        assert names == ["localhost", None]
        (peer,) = (peer for peer in server.peers if peer.heads)
        session = peer.writer.get_extra_info("ssl_object")
        assert isinstance(session, ssl.SSLObject) or session is not None
        assert session.selected_alpn_protocol() == "http/1.1"


@pytest.mark.parametrize("script", [silent, half])
async def test_no_answer_in_time(script: Callable[[Peer], Any]) -> None:
    async with raw(script) as server, transport_of() as transport:
        with pytest.raises(httpx.ReadTimeout):
            await ask(transport, server.url, times={"read": 0.1})
        await closed(server)
        assert not any(transport._idle.values())


async def test_without_limits_nothing_ends_a_wait() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await asyncio.sleep(0.2)
        await peer.say(FIVE)

    async with raw(script) as server, transport_of() as transport:
        bare = httpx.Request("GET", server.url)
        response = await transport.handle_async_request(bare)
        assert await response.aread() == b"hello"


@pytest.mark.parametrize("script", [silent, half])
async def test_a_canceled_call_closes_its_connection(script: Callable[[Peer], Any]) -> None:
    async with raw(script) as server, transport_of() as transport:
        call = asyncio.create_task(ask(transport, server.url))
        await until(lambda: server.requests > 0)
        await asyncio.sleep(0.05)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await closed(server)


async def test_a_call_that_is_canceled_while_it_connects() -> None:
    async with raw(silent) as server, transport_of() as transport:
        call = asyncio.create_task(ask(transport, server.url.replace("http:", "https:")))
        await until(lambda: len(server.peers) > 0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await closed(server)


async def test_an_answer_that_is_given_up_closes_its_connection() -> None:
    async with raw(half) as server, transport_of() as transport:
        response = await transport.handle_async_request(request(server.url))
        await response.aclose()
        await closed(server)
        assert not any(transport._idle.values())


async def test_an_answer_that_was_read_and_not_closed_leaves_its_connection_to_the_next() -> None:
    async with raw(says(FIVE)) as server, transport_of() as transport:
        for _ in range(2):
            response = await transport.handle_async_request(request(server.url))
            stream = response.aiter_raw()
            assert await anext(stream) == b"hello"
        assert len(server.peers) == 1
        await response.aclose()
        assert (await ask(transport, server.url))[1] == b"hello"
        assert len(server.peers) == 1


@pytest.mark.parametrize("pause", [0.0, 0.1])
async def test_a_connection_that_the_peer_closed_while_it_waited(pause: float) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        peer.writer.write(FIVE)
        await peer.writer.drain()

    async with raw(script) as server, transport_of() as transport:
        for _ in range(3):
            assert (await ask(transport, server.url))[1] == b"hello"
            await closed(server, len(server.peers) - 1)
            await asyncio.sleep(pause)  # the loop has not seen the end, or it has
        assert len(server.peers) == 3
        assert server.requests == 3


async def test_nothing_is_sent_twice() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.say(FIVE)
        await peer.head()

    async with raw(script) as server, transport_of() as transport:
        await ask(transport, server.url)
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            await ask(transport, server.url)
        assert (len(server.peers), server.requests) == (1, 2)


async def test_connections_that_nobody_needs_are_closed() -> None:
    async with raw(says(FIVE)) as server, transport_of(kept=0.1) as transport:
        await asyncio.gather(*(ask(transport, server.url) for _ in range(5)))
        assert sum(map(len, transport._idle.values())) == 5
        await asyncio.sleep(0.15)
        await ask(transport, server.url)
        assert len(server.peers) == 6
        for number in range(5):
            await closed(server, number)
        assert sum(map(len, transport._idle.values())) == 1


async def test_the_end_closes_what_waits() -> None:
    async with raw(says(FIVE)) as server:
        async with transport_of() as transport:
            await ask(transport, server.url)
        await closed(server)


async def test_another_host_has_connections_of_its_own() -> None:
    async with raw(says(FIVE)) as one, raw(says(FIVE)) as two, transport_of() as transport:
        for url in (one.url, two.url, one.url, two.url):
            await ask(transport, url)
        assert (len(one.peers), len(two.peers)) == (1, 1)
