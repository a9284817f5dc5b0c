"""httpx's transport to the upstream, over our connections: HTTP/1.1, each connection kept for the next call.

It sends nothing twice: a connection that the peer may have closed is not used again, and everything else is for the
caller to repeat, who knows what a second request would cost.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import defaultdict, deque

import httpx

from cavendish.gemini.client._answer import AnswerBody, Head
from cavendish.gemini.client._wire import Landing, Wire

Origin = tuple[str, str, int]
_PORTS = {"http": 80, "https": 443}
_JOINED = 64 * 1024  # a piece of a body up to this size is sent together with the head


class Transport(httpx.AsyncBaseTransport):
    """Used from one event loop. A call costs the same however many others there are, and none waits for another.

    `kept` are the seconds for which a connection waits for its next call.
    """

    def __init__(self, *, tls: ssl.SSLContext, kept: float) -> None:
        self._tls = tls
        self._tls.set_alpn_protocols(["http/1.1"])
        self._kept = kept
        self._landing = Landing()
        self._idle: defaultdict[Origin, deque[Wire]] = defaultdict(deque)  # the one that was used last on the right

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        if url.scheme not in _PORTS:
            raise httpx.UnsupportedProtocol("neither http nor https")
        origin = (url.scheme, url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme])
        timeouts = request.extensions.get("timeout", {})
        lines = _head_of(request)
        wire = self._take(origin) or await self._connect(origin, timeouts.get("connect"))
        try:
            head = Head(request.method)
            whole = await _send(wire, lines, request, head, timeouts.get("write"))
            while not head.complete:
                piece = await wire.read(timeouts.get("read"))
                if not piece:
                    raise httpx.RemoteProtocolError("closed without an answer")
                head.add(piece)

            def done(keeps: bool) -> None:
                if keeps and whole:
                    self._keep(origin, wire)
                else:
                    wire.abort()

            return httpx.Response(
                head.status,
                headers=head.headers,
                stream=AnswerBody(wire, head, timeouts.get("read"), done),
                request=request,
                extensions={"http_version": head.version, "reason_phrase": head.reason},
            )
        except BaseException:
            await wire.aclose()
            raise

    async def aclose(self) -> None:
        idle, self._idle = self._idle, defaultdict(deque)
        for wires in idle.values():
            for wire in wires:
                wire.abort()
        await asyncio.sleep(0)

    async def _connect(self, origin: Origin, timeout: float | None) -> Wire:
        scheme, host, port = origin
        try:
            async with asyncio.timeout(timeout):
                _, wire = await asyncio.get_running_loop().create_connection(
                    lambda: Wire(self._landing), host, port, ssl=self._tls if scheme == "https" else None
                )
        except TimeoutError:
            raise httpx.ConnectTimeout("no connection in time") from None
        except OSError as error:
            raise httpx.ConnectError(type(error).__name__) from None
        return wire

    def _take(self, origin: Origin) -> Wire | None:
        idle = self._idle[origin]
        now = asyncio.get_running_loop().time()
        while idle:
            wire = idle.pop()
            if wire.idle_until > now and wire.usable():
                return wire
            wire.abort()
        return None

    def _keep(self, origin: Origin, wire: Wire) -> None:
        now = asyncio.get_running_loop().time()
        idle = self._idle[origin]
        while idle and idle[0].idle_until <= now:
            idle.popleft().abort()
        wire.idle_until = now + self._kept
        wire.rest()
        idle.append(wire)


def _head_of(request: httpx.Request) -> bytes:
    """Returns the head as it is sent. Raises httpx.LocalProtocolError where a value would begin another line."""
    lines = [b"%b %b HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    lines += [b"%b: %b" % pair for pair in request.headers.raw]
    head = b"\r\n".join(lines)
    if head.count(b"\n") != len(lines) - 1 or head.count(b"\r") != len(lines) - 1 or b"\0" in head:
        raise httpx.LocalProtocolError("a header of several lines")
    return head + b"\r\n\r\n"


async def _send(wire: Wire, lines: bytes, request: httpx.Request, head: Head, timeout: float | None) -> bool:
    """Sends a request. Returns whether all of it was sent: not so where a refusal came before, which is then in `head`.

    An answer may stand behind a connection that takes no more, so that is no error here.
    """
    chunked = "transfer-encoding" in request.headers
    left = 0 if chunked else int(request.headers.get("content-length", "0"))
    try:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        async for chunk in request.stream:
            if not chunk:
                continue
            if chunked:
                chunk = b"%x\r\n%b\r\n" % (len(chunk), chunk)
            else:
                left -= len(chunk)
                if left < 0:
                    raise httpx.LocalProtocolError("more bytes than announced")
            if lines and len(chunk) <= _JOINED:
                lines, chunk = b"", lines + chunk
            elif lines:
                await wire.write(lines, timeout, watch=True)
                lines = b""
            await wire.write(chunk, timeout, watch=not head.complete)
            while wire.waiting and not head.complete:
                head.add(wire.take())
            if head.complete and head.status >= 300:
                return False
        if left > 0:
            raise httpx.LocalProtocolError("fewer bytes than announced")
        if lines or chunked:
            await wire.write(lines + (b"0\r\n\r\n" if chunked else b""), timeout, watch=not head.complete)
    except httpx.WriteError:
        return False
    return True
