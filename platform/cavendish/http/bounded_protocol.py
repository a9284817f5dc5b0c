"""uvicorn's HTTP/1.1 protocol with bounds on what a connection may cost before there is a request.

uvicorn itself limits neither the bytes nor the lines nor the time of a request's head, and httptools joins the pieces
of a header by copying what came before: some megabytes of one header keep the event loop busy for minutes. Here the
head is counted as it comes and refused (431) beyond a bound, so what a stranger can make us copy is bounded too.

    bytes and lines of a head    counted together, request line and trailers included; 431
    a head that does not end     408, or closed without a word where nothing came
    connections                  in all and per address; 503 and 429
    a reader that stands still   closed, when nothing left our buffer for a while

Beside the bounds it keeps chunks from clients of HTTP/1.0, which would take their sizes for part of the body.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import re
import time
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from cavendish.http.problems import CONTENT_TYPE, Problem
from cavendish.telemetry import metrics
from cavendish.telemetry.request_ids import HEADER, Request, request_entered, request_of

logger = logging.getLogger(__name__)

LINGER_BYTES = 256 * 1024
LINGER_SECONDS = 2.0
"""What is still read, and for how long, of a refused connection: closing on unread bytes resets it under the answer."""
LEAST_READ_BYTES = 48 * 1024
"""What a client takes of a full buffer within `read_seconds`: about 1 kB/s, and so much frees the buffer anyway."""
MOST_PIPELINED = 16
SAY_SECONDS = 60.0
"""How often a bound on connections is logged: what strangers do must not fill the log."""

_CODES = {
    HTTPStatus.BAD_REQUEST: "bad_request",
    HTTPStatus.REQUEST_TIMEOUT: "headers_too_slow",
    HTTPStatus.MISDIRECTED_REQUEST: "unknown_host",
    HTTPStatus.TOO_MANY_REQUESTS: "too_many_open_requests",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "headers_too_large",
    HTTPStatus.SERVICE_UNAVAILABLE: "unavailable",
}
_ID_LINE = re.compile(rb"(?i)\nx-request-id:([^\r\n]*)\r?\n")


@dataclass(frozen=True)
class ConnectionLimits:
    """Bounds of one server process. `open_connections` and `per_address` count idle connections too."""

    head_bytes: int = 64 * 1024
    head_lines: int = 100
    head_seconds: float = 10.0
    read_seconds: float = 60.0
    open_connections: int = 20_000
    per_address: int = 6_000
    host_names: frozenset[str] = frozenset()
    """The only names that `Host` may carry, where there are some: what a page elsewhere may not reach by its own."""
    proxies: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    """Who speaks for many and is not counted per address."""

    def is_proxy(self, address: str) -> bool:
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(ip in network for network in self.proxies)


@dataclass
class ConnectionCounts:
    """What the connections of one process share."""

    by_address: dict[str, int] = field(default_factory=dict)
    said_at: dict[str, float] = field(default_factory=dict)

    def enter(self, address: str) -> int:
        count = self.by_address.get(address, 0) + 1
        self.by_address[address] = count
        return count

    def leave(self, address: str) -> None:
        count = self.by_address[address] - 1
        if count:
            self.by_address[address] = count
        else:
            del self.by_address[address]

    def say(self, text: str, *arguments: object) -> None:
        """A warning, once in a while for each text."""
        now = time.monotonic()
        if now - self.said_at.get(text, float("-inf")) >= SAY_SECONDS:
            self.said_at[text] = now
            logger.warning(text, *arguments)


@lru_cache(maxsize=1024)
def counted_address(address: str) -> str:
    """The address, or the /64 that an IPv6 address lies in: whoever has one of those has all of it."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))
    return address


def host_name(host: str) -> str:
    """The name of a Host header, without its port and in lower case; an IPv6 address keeps its brackets."""
    name, _, port = host.strip().lower().rpartition(":")
    return name if name and port.isdigit() else host.strip().lower()


class _Refused(Exception):
    """Raised inside the parser's callbacks, which end as an HttpParserCallbackError."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(reason)


class BoundedProtocol(HttpToolsProtocol):
    """Make one class per server with `bounded_protocol`."""

    limits: ConnectionLimits
    counts: ConnectionCounts

    def __init__(self, config: Config, server_state: Any, app_state: dict[str, Any], _loop: Any = None) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._address = ""
        self._in_head = True
        # Bytes that came since the last word of the parser: of a head, of trailers, of what stands around chunks.
        self._head_bytes = 0
        # What the parser said in this feed, and of this message.
        self._progress = self._completed = self._begun = False
        self._named_bytes = self._lines = 0
        self._discard = -1
        self._head_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self._unsent = 0

    # Connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        metrics.CONNECTIONS.inc()
        self._arm_head_timer()
        limits = self.limits
        if len(self.connections) > limits.open_connections:
            self.counts.say("The process has its %d connections; others are refused.", limits.open_connections)
            self._refuse(_Refused(HTTPStatus.SERVICE_UNAVAILABLE, "Too many connections."), "connections")
            return
        peer = self.client[0] if self.client else ""
        if not peer or limits.is_proxy(peer):
            return
        self._address = counted_address(peer)
        if self.counts.enter(self._address) > limits.per_address:
            self.counts.say("%s has its %d connections; more are refused.", self._address, limits.per_address)
            self._refuse(_Refused(HTTPStatus.TOO_MANY_REQUESTS, "Too many connections of this address."), "address")

    def connection_lost(self, exc: Exception | None) -> None:
        metrics.CONNECTIONS.dec()
        if self._address:
            self.counts.leave(self._address)
        self._stop_head_timer()
        self._stop_write_timer()
        super().connection_lost(exc)

    # Reading

    def data_received(self, data: bytes) -> None:
        if self._discard >= 0:
            self._discard -= len(data)
            if self._discard < 0:
                self.transport.close()
            return
        self._unset_keepalive_if_required()
        if self._in_head and self._head_timer is None:
            self._arm_head_timer()
        self._progress = self._completed = self._begun = False
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError as error:
            invalid = _Refused(
                HTTPStatus.BAD_REQUEST, "What came is no HTTP request, or has a method that is unknown here."
            )
            refused = error.__context__ if isinstance(error.__context__, _Refused) else invalid
            self._refuse(refused, "request", data)
            return
        except httptools.HttpParserUpgrade:
            # Nothing that we speak is upgraded to: the request is answered as it stands.
            return
        self._count_unfinished(len(data))

    def _count_unfinished(self, size: int) -> None:
        """Bounds what a feed of `size` bytes left unfinished, which its next piece would be joined to."""
        if self._completed:
            # The parser does not say where in this feed the next head began: only what it named of it counts.
            self._head_bytes = self._named_bytes if self._begun else 0
        elif self._in_head or not self._progress:
            self._head_bytes += size
        else:
            self._head_bytes = 0
        if self._head_bytes > self.limits.head_bytes:
            self._refuse(self._too_large(), "request")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._begun = True
        self._named_bytes = self._lines = 0

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        # Trailers come here too, behind the body.
        self._lines += 1
        self._count(len(name) + len(value) + 4)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= MOST_PIPELINED:
            raise _Refused(HTTPStatus.BAD_REQUEST, "Too many requests before the first was answered.")
        self._check_host()
        self._in_head = False
        self._progress = True
        self._stop_head_timer()
        super().on_headers_complete()

    def _check_host(self) -> None:
        names = self.limits.host_names
        for name, value in self.headers if names else ():
            if name == b"host" and host_name(value.decode("latin-1")) not in names:
                raise _Refused(HTTPStatus.MISDIRECTED_REQUEST, "This host name is not answered here.")

    def on_body(self, body: bytes) -> None:
        self._progress = True
        super().on_body(body)

    def on_chunk_header(self) -> None:
        self._progress = True

    def on_message_complete(self) -> None:
        self._in_head = self._completed = True
        self._begun = False
        super().on_message_complete()

    def _count(self, size: int) -> None:
        self._named_bytes += size
        if self._named_bytes > self.limits.head_bytes or self._lines > self.limits.head_lines:
            raise self._too_large()

    def _request_id(self, received: bytes) -> str:
        """The id that this request came with, as far as it came, or a fresh one.

        The parser stops at a method that it does not know: then the headers are only in what was `received` with it.
        """
        headers = getattr(self, "headers", ()) if self._begun else ()
        if not headers and self._in_head and not self._completed and (line := _ID_LINE.search(received)):
            headers = [(HEADER, line[1].strip())]
        return request_of(headers).id

    def _too_large(self) -> _Refused:
        limits = self.limits
        reason = f"Request line and headers may have {limits.head_bytes} bytes and {limits.head_lines} lines."
        return _Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, reason)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        super()._start_asgi_task(cycle, _unframed(cycle, app) if cycle.scope["http_version"] == "1.0" else app)

    # Time

    def _arm_head_timer(self) -> None:
        self._head_timer = self.loop.call_later(self.limits.head_seconds, self._head_is_late)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._head_timer = None
        if self._discard >= 0 or self.transport.is_closing():
            return
        if self._answering():
            # The beginning of a next request came while one is answered: it has time until then, and as long after it.
            self._arm_head_timer()
        elif self._head_bytes:
            self._refuse(_Refused(HTTPStatus.REQUEST_TIMEOUT, "The headers did not come in time."), "time")
        else:
            metrics.CONNECTIONS_REFUSED.labels("time").inc()
            self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unsent = self.transport.get_write_buffer_size()
        self._write_timer = self.loop.call_later(self.limits.read_seconds, self._look_at_reader)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_write_timer()

    def _stop_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def _look_at_reader(self) -> None:
        """Closes where the client took next to nothing since the last look."""
        self._write_timer = None
        unsent = self.transport.get_write_buffer_size()
        if unsent > self._unsent - LEAST_READ_BYTES:
            metrics.CONNECTIONS_REFUSED.labels("time").inc()
            self.transport.abort()
            return
        self._unsent = unsent
        self._write_timer = self.loop.call_later(self.limits.read_seconds, self._look_at_reader)

    # Refusals

    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse(self, refused: _Refused, kind: str, received: bytes = b"") -> None:
        """Answers with a problem where no other answer is under way, and closes once the client can have read it."""
        metrics.CONNECTIONS_REFUSED.labels(kind).inc()
        self._stop_head_timer()
        if self._answering():
            if self.pipeline or self.cycle.response_started:
                self._discard = 0
                self.transport.close()
                return
            # The request whose body is wrong gets this answer: to the application the client is gone.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        status, request = refused.status, Request(self._request_id(received))
        with request_entered(request):
            body = Problem(status.value, _CODES[status], refused.reason).body()
        lines = [f"HTTP/1.1 {status.value} {status.phrase}", f"Content-Type: {CONTENT_TYPE}"]
        lines += [f"Content-Length: {len(body)}", "Connection: close", f"X-Request-Id: {request.id}"]
        if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
            lines.append("Retry-After: 5")
        self._discard = LINGER_BYTES
        self.transport.write("\r\n".join([*lines, "", ""]).encode() + body)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.close)


def _unframed(cycle: RequestResponseCycle, app: Any) -> Any:
    """The application, whose answers without a length end where the connection does (RFC 9112, section 6.1)."""

    async def answered(scope: Any, receive: Any, send: Any) -> None:
        is_endless = False

        async def sent(message: Any) -> None:
            nonlocal is_endless
            if message["type"] == "http.response.start":
                is_endless = all(name.lower() != b"content-length" for name, _ in message.get("headers", ()))
                if is_endless:
                    cycle.chunked_encoding = False
            elif is_endless:
                # uvicorn counts each piece against the length that was told.
                cycle.expected_content_length = len(message.get("body", b""))
            await send(message)

        await app(scope, receive, sent)

    return answered


def bounded_protocol(limits: ConnectionLimits) -> type[BoundedProtocol]:
    """The protocol of one server, for uvicorn's `http`."""
    return type("Protocol", (BoundedProtocol,), {"limits": limits, "counts": ConnectionCounts()})
