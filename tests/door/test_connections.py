"""What a connection may cost before there is a request: bytes, lines and time of its head, and their number."""

from __future__ import annotations

import asyncio
import ipaddress
from contextlib import AsyncExitStack
from typing import Any

import pytest

from cavendish.boot.config import LOOPBACK_NAMES
from cavendish.http.bounded_protocol import LINGER_BYTES, BoundedProtocol, ConnectionLimits, counted_address
from tests.door.raw import Raw, connected, serving

KB = 1024


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers how long the path, the headers and the body were."""
    length, more = 0, True
    while more:
        message = await receive()
        length += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = f"{len(scope['path'])} {len(scope['headers'])} {length}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


def head(*lines: str, path: str = "/", method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *lines, "", ""]).encode()


async def test_a_head_below_the_bound_passes_however_it_is_cut() -> None:
    request = head("X-Long: " + "a" * (60 * KB))
    async with serving(echo) as port:
        for size in (len(request), 1000):
            async with connected(port) as raw:
                for start in range(0, len(request), size):
                    await raw.send(request[start : start + size])
                assert (await raw.answer()).body == b"1 2 0"


@pytest.mark.parametrize(
    "request_bytes",
    [
        head("X-Long: " + "a" * (65 * KB)),
        head(*(f"X-{number}: {'a' * 1000}" for number in range(66))),
        head(path="/" + "a" * (65 * KB)),
        head(path="/" + "a" * (40 * KB), method="POST")[:-2] + b"X: " + b"a" * (30 * KB) + b"\r\n\r\n",
        head(*(f"X-{number}: 1" for number in range(100))),
    ],
    ids=["one header", "many headers", "url", "url and header", "101 lines"],
)
@pytest.mark.parametrize("size", [1 << 20, 700], ids=["at once", "in pieces"])
async def test_a_head_beyond_the_bound_is_431_and_closed(request_bytes: bytes, size: int) -> None:
    async with serving(echo) as port, connected(port) as raw:
        for start in range(0, len(request_bytes), size):
            await raw.send(request_bytes[start : start + size])
        answer = await raw.answer()
        assert (answer.status, answer.headers["connection"]) == (431, "close")
        assert await raw.rest() == b""


async def test_a_hundred_headers_pass() -> None:
    async with serving(echo) as port, connected(port) as raw:
        await raw.send(head(*(f"X-{number}: 1" for number in range(99))))
        assert (await raw.answer()).body == b"1 100 0"


async def test_of_a_head_that_never_ends_little_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0
    received = BoundedProtocol.data_received

    def counting(self: BoundedProtocol, data: bytes) -> None:
        nonlocal read
        read += len(data)
        received(self, data)

    monkeypatch.setattr(BoundedProtocol, "data_received", counting)
    async with serving(echo) as port, connected(port) as raw:
        await raw.send(b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ")
        for _ in range(1000):
            if raw.writer.transport.is_closing():
                break
            await raw.send(b"a" * (64 * KB))
        assert raw.writer.transport.is_closing()
        await raw.rest()
    # The bound, the read that went beyond it, and what a refused client may still send while it reads the answer.
    assert read <= 64 * KB + 256 * KB + LINGER_BYTES + 256 * KB


async def test_the_next_request_of_a_connection_has_the_bound_anew() -> None:
    request = head("X-Long: " + "a" * (60 * KB))
    async with serving(echo) as port, connected(port) as raw:
        for _ in range(3):
            await raw.send(request)
            assert (await raw.answer()).body == b"1 2 0"
        await raw.send(b"\r\n" * (33 * KB))
        assert (await raw.answer()).status == 431


async def test_bodies_are_not_counted_and_what_stands_around_chunks_is() -> None:
    async with serving(echo) as port:
        async with connected(port) as raw:
            await raw.send(head("Content-Length: 1000000", method="POST") + bytes(1_000_000))
            assert (await raw.answer()).body == b"1 2 1000000"
            # Many small chunks, and a next request in the same read.
            await raw.send(head("Transfer-Encoding: chunked", method="POST") + b"1\r\na\r\n" * 40_000 + b"0\r\n\r\n")
            assert (await raw.answer()).body == b"1 2 40000"
        chunked = head("Transfer-Encoding: chunked", method="POST")
        for flood in (b"1;" + b"e" * (90 * KB), b"0\r\nX-Trailer: " + b"t" * (90 * KB), b"0\r\n" + b"T: 1\r\n" * 101):
            async with connected(port) as raw:
                await raw.send(chunked)
                for start in range(0, len(flood), 8 * KB):
                    await raw.send(flood[start : start + 8 * KB])
                    await asyncio.sleep(0.001)
                assert (await raw.rest()).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ("Transfer-Encoding: xchunked", b"2\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: gzip", b"{}"),
        ("Transfer-Encoding: chunked", b"zz\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", b"2\r\n{}toolong\r\n0\r\n\r\n"),
    ],
)
async def test_a_body_that_is_no_http_is_400_and_closed(headers: str, body: bytes) -> None:
    async with serving(echo) as port:
        for at_once in (True, False):
            async with connected(port) as raw:
                await raw.send(head(headers, method="POST") + (body if at_once else b""))
                if not at_once:
                    await asyncio.sleep(0.02)
                    await raw.send(body)
                answered = await raw.rest()
                assert answered.startswith(b"HTTP/1.1 400 ")
                assert answered.count(b"HTTP/1.1") == 1


async def test_requests_behind_each_other_are_answered_and_bounded() -> None:
    async with serving(echo) as port:
        async with connected(port) as raw:
            await raw.send(head() * 10)
            assert [(await raw.answer()).status for _ in range(10)] == [200] * 10
        async with connected(port) as raw:
            await raw.send(head() * 1000)
            assert (await raw.rest()).count(b"200 OK") < 20


async def test_a_connection_that_does_not_finish_its_headers_is_closed() -> None:
    async with (
        serving(echo, ConnectionLimits(head_seconds=0.3)) as port,
        connected(port) as silent,
        connected(port) as slow,
        connected(port) as dripping,
    ):
        await slow.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
        dripper = asyncio.create_task(_drip(dripping))
        assert await silent.rest(seconds=5) == b""
        assert (await slow.answer(seconds=5)).status == 408
        assert b" 408 " in await dripping.rest(seconds=5)
        dripper.cancel()


async def _drip(raw: Raw) -> None:
    await raw.send(b"GET / HTTP/1.1\r\nX: ")
    while True:
        await raw.send(b"a")
        await asyncio.sleep(0.02)


async def test_between_two_requests_the_bound_on_time_holds_too() -> None:
    async with serving(echo, ConnectionLimits(head_seconds=0.3)) as port, connected(port) as raw:
        await raw.send(head())
        assert (await raw.answer()).status == 200
        await raw.send(b"GET / HT")
        assert (await raw.answer(seconds=5)).status == 408


async def test_a_request_that_is_answered_slowly_is_not_closed() -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(1)
        await echo(scope, receive, send)

    async with serving(slow, ConnectionLimits(head_seconds=0.2)) as port, connected(port) as raw:
        # Part of a next request waits meanwhile.
        await raw.send(head() + b"GET / HT")
        assert (await raw.answer()).status == 200
        await raw.send(b"TP/1.1\r\nHost: x\r\n\r\n")
        assert (await raw.answer()).status == 200


async def test_connections_beyond_their_number_are_refused() -> None:
    limits = ConnectionLimits(open_connections=3, per_address=3)
    async with serving(echo, limits) as port, AsyncExitStack() as stack:
        idle = [await stack.enter_async_context(connected(port)) for _ in range(3)]
        await idle[2].send(head())
        await idle[2].answer()
        async with connected(port) as more:
            answer = await more.answer()
            assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        idle[0].close()
        await idle[0].rest()
        async with connected(port) as again:
            await again.send(head())
            assert (await again.answer()).status == 200


async def test_connections_of_one_address_are_counted_unless_it_is_the_proxy() -> None:
    async with serving(echo, ConnectionLimits(per_address=2)) as port, AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(connected(port))
        async with connected(port) as more:
            assert (await more.answer()).status == 429
    proxy = ConnectionLimits(per_address=2, proxies=(ipaddress.ip_network("127.0.0.0/8"),))
    async with serving(echo, proxy) as port, AsyncExitStack() as stack:
        for _ in range(5):
            raw = await stack.enter_async_context(connected(port))
            await raw.send(head())
            assert (await raw.answer()).status == 200


def test_an_ipv6_network_counts_as_one() -> None:
    assert counted_address("2001:db8:1:2::1") == counted_address("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert counted_address("::ffff:10.0.0.1") == counted_address("10.0.0.1") == "10.0.0.1"
    assert counted_address("fe80::1%eth0") == "fe80::/64"


async def test_who_reads_nothing_of_an_answer_is_closed_and_who_reads_slowly_is_not() -> None:
    size = 8 << 20
    ended = asyncio.Event()

    async def large(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % size)]})
        for start in range(0, size, 1 << 18):
            await send({"type": "http.response.body", "body": bytes(1 << 18), "more_body": start + (1 << 18) < size})
        ended.set()

    async with serving(large, ConnectionLimits(read_seconds=0.3)) as port:
        async with connected(port) as raw:
            await raw.send(head())
            async with asyncio.timeout(10):
                await ended.wait()
            assert len(await raw.rest()) < size
        async with connected(port) as raw:
            await raw.send(head())
            length = 0
            while piece := await raw.reader.read(1 << 17):
                length += len(piece)
                await asyncio.sleep(0.01)
            assert length > size


async def test_rubbish_writes_no_line_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(echo) as port:
        for rubbish in (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"GET /\x00 HTTP/1.1\r\n\r\n",
            b"hello\r\n\r\n",
        ):
            async with connected(port) as raw:
                await raw.send(rubbish)
                assert (await raw.answer()).status == 400
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []


async def test_an_upgrade_is_answered_as_a_request() -> None:
    async with serving(echo) as port, connected(port) as raw:
        for protocol in ("websocket", "h2c"):
            await raw.send(head("Connection: Upgrade", f"Upgrade: {protocol}"))
            assert (await raw.answer()).status == 200


async def test_where_only_some_names_are_answered_others_are_421() -> None:
    limits = ConnectionLimits(host_names=LOOPBACK_NAMES)
    async with serving(echo, limits) as port:
        for host, status in {
            "localhost": 200,
            f"127.0.0.1:{port}": 200,
            "[::1]:80": 200,
            "LOCALHOST:1": 200,
            "evil.example": 421,
            f"evil.example:{port}": 421,
            "localhost.evil.example": 421,
            "": 421,
        }.items():
            async with connected(port) as raw:
                await raw.send(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                assert (await raw.answer()).status == status, host


async def streams(scope: Any, receive: Any, send: Any) -> None:
    """Answers in pieces; with the length of all where the path asks for it."""
    headers = [(b"content-length", b"10")] if scope["path"] == "/length" else []
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for piece in (b"first", b"", b"later"):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body"})


@pytest.mark.parametrize("path", ["/", "/length"])
@pytest.mark.parametrize(("method", "body"), [("GET", b"firstlater"), ("HEAD", b"")])
async def test_clients_of_http_1_0_get_no_chunks(path: str, method: str, body: bytes) -> None:
    async with serving(streams) as port, connected(port) as raw:
        await raw.send(f"{method} {path} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".encode())
        answered, _, came = (await raw.rest()).partition(b"\r\n\r\n")
        assert (came, b"transfer-encoding" in answered, b"connection: close" in answered) == (body, False, True)
        assert (b"content-length: 10" in answered) == (path == "/length")


async def test_clients_of_http_1_1_do() -> None:
    async with serving(streams) as port, connected(port) as raw:
        await raw.send(head("Connection: close"))
        assert (await raw.rest()).endswith(b"5\r\nfirst\r\n5\r\nlater\r\n0\r\n\r\n")
