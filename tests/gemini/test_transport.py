"""HTTP/1.1 as a server may speak it, with each kind of loop."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.gemini.raw import Peer, ask, raw, request, says, says_once, transport_of

OK = b"HTTP/1.1 200 OK\r\n"
FIVE = OK + b"Content-Length: 5\r\n\r\nhello"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([FIVE], id="at once"),
        pytest.param([bytes([byte]) for byte in FIVE], id="byte by byte"),
        pytest.param([OK + b"content-LENGTH:5\r\nX-Empty:\r\n\r\nhel", b"lo"], id="odd names"),
        pytest.param([b"HTTP/1.1 200\nContent-Length: 5\n\nhello"], id="newlines alone"),
        pytest.param([CHUNKED, b"5\r\nhello\r\n0\r\n\r\n"], id="chunked"),
        pytest.param(
            [bytes([byte]) for byte in CHUNKED + b"2;x=y\r\nhe\r\n003\r\nllo\r\n0\r\nX-Sum: 1\r\n\r\n"],
            id="chunked byte by byte",
        ),
        pytest.param([b"HTTP/1.1 100 Continue\r\n\r\n" + FIVE], id="continue"),
        pytest.param(
            [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", FIVE], id="two interim"
        ),
        pytest.param([OK + b"Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n", b"0\r\n\r\n"], id="its end alone"),
    ],
)
async def test_an_answer_and_its_connection_used_again(parts: list[bytes]) -> None:
    async with raw(says(*parts)) as server, transport_of() as transport:
        for _ in range(3):
            response, body = await ask(transport, server.url)
            assert (response.status_code, body, response.num_bytes_downloaded) == (200, b"hello", 5)
            assert "x-sum" not in response.headers
            assert "link" not in response.headers
        assert response.http_version == "HTTP/1.1"
        assert len(server.peers) == 1


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"\r\nhello",
        b"HTTP/1.0 200 OK\r\n\r\nhello",
        b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello",
        OK + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ],
)
async def test_an_answer_that_ends_its_connection(answer: bytes) -> None:
    async with raw(says_once(answer)) as server, transport_of() as transport:
        for _ in range(2):
            response, body = await ask(transport, server.url)
            assert (response.status_code, body) == (200, b"hello")
        assert len(server.peers) == 2


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("HEAD", OK + b"Content-Length: 5\r\n\r\n"),
        ("HEAD", CHUNKED),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
        ("GET", OK + b"Content-Length: 0\r\n\r\n"),
    ],
)
async def test_an_answer_without_a_body(method: str, answer: bytes) -> None:
    async with raw(says(answer)) as server, transport_of() as transport:
        for _ in range(2):
            assert (await ask(transport, server.url, method))[1] == b""
        assert len(server.peers) == 1


async def test_switching_protocols_ends_the_connection() -> None:
    answer = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nxxx"
    async with raw(says(answer)) as server, transport_of() as transport:
        for _ in range(2):
            response, body = await ask(transport, server.url)
            assert (response.status_code, body) == (101, b"")
        assert len(server.peers) == 2


@pytest.mark.parametrize(
    "answer", [FIVE + b"x", FIVE + FIVE, CHUNKED + b"0\r\n\r\n" + FIVE, b"HTTP/1.1 204 No\r\n\r\n" + FIVE]
)
async def test_what_nobody_asked_for_is_no_answer_to_the_next_request(answer: bytes) -> None:
    async with raw(says(answer)) as server, transport_of() as transport:
        for _ in range(2):
            _, body = await ask(transport, server.url)
            assert body in (b"", b"hello")
        assert len(server.peers) == 2


async def test_what_comes_between_two_requests_is_no_answer() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.say(FIVE)
        await asyncio.sleep(0.05)
        await peer.say(OK + b"Content-Length: 5\r\n\r\nwrong")
        await asyncio.sleep(5)

    async with raw(script) as server, transport_of() as transport:
        await ask(transport, server.url)
        await asyncio.sleep(0.15)
        assert (await ask(transport, server.url))[1] == b"hello"
        assert len(server.peers) == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x15\x03\x01\x00\x02\x02\x16",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        CHUNKED + b"5\r\nhel",
        CHUNKED + b"5\r\nhello\r\n",
        CHUNKED + b"xyz\r\nhello\r\n",
        CHUNKED + b"5\r\nhelloworld\r\n0\r\n\r\n",
        CHUNKED + b"fffffffffffffffffffff\r\nhello",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 40_000,
        CHUNKED + b"0\r\n" + b"X: x\r\n" * 40_000,
        CHUNKED + b"5;" + b"x" * 300_000,
    ],
)
async def test_garbage(answer: bytes) -> None:
    async with raw(says_once(answer)) as server, transport_of() as transport:
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            await ask(transport, server.url)
        assert transport._idle == {} or not any(transport._idle.values())


async def test_a_head_that_never_ends_is_refused_while_the_peer_goes_on() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        peer.writer.write(OK)
        while True:
            await peer.say(b"X: " + b"x" * 10_000 + b"\r\n")

    async with raw(script) as server, transport_of() as transport:
        with pytest.raises(httpx.RemoteProtocolError, match="too long"):
            await ask(transport, server.url)
        await asyncio.wait_for(server.peers[0].closed.wait(), 2)


async def test_large_bodies_of_all_kinds() -> None:
    content = bytes(range(256)) * 20_000
    pieces = [content[start : start + 70_001] for start in range(0, len(content), 70_001)]
    for answer in (
        OK + b"Content-Length: %d\r\n\r\n" % len(content) + content,
        CHUNKED + b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n",
        CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content),
        OK + b"Connection: close\r\n\r\n" + content,
    ):
        async with raw(says_once(answer)) as server, transport_of() as transport:
            response, body = await ask(transport, server.url)
            assert body == content
            assert response.num_bytes_downloaded == len(content)


async def test_names_and_values_are_sent_as_they_are() -> None:
    async with raw(says(FIVE)) as server, transport_of() as transport:
        await ask(transport, server.url + "/a%2Fb?c=d%20e", headers={"X-One": "1", "x-two": "zwei"})
        head = server.peers[0].heads[0]

    port = server.url.rpartition(":")[2].encode()
    assert head == b"GET /a%2Fb?c=d%20e HTTP/1.1\r\nHost: 127.0.0.1:" + port + b"\r\nX-One: 1\r\nx-two: zwei\r\n\r\n"


@pytest.mark.parametrize("value", ["a\r\nB: c", "a\nB: c", "a\rb", "a\0b"])
async def test_a_value_begins_no_line_of_its_own(value: str) -> None:
    async with raw(says(FIVE)) as server, transport_of() as transport:
        with pytest.raises(httpx.LocalProtocolError):
            await transport.handle_async_request(request(server.url, headers={"X": value}))
        assert server.peers == []


async def test_other_schemes() -> None:
    async with transport_of() as transport:
        with pytest.raises(httpx.UnsupportedProtocol):
            await transport.handle_async_request(request("ftp://127.0.0.1/"))
