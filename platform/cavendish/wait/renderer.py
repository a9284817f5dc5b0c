"""The end of a wait: Django renders the generation, a few at a time, however many clients woke at once."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable
from urllib.parse import unquote

from cavendish.http.threaded import INTERNAL, SECOND_HALF
from cavendish.telemetry.requests import MATCH
from cavendish.wait.asgi import (
    PRIVATE,
    App,
    Headers,
    Message,
    Receive,
    Scope,
    Send,
    header,
    public,
    send_body,
    send_start,
    without,
)
from cavendish.wait.instructions import ClientGone, FirstAnswer, LeadFor, WaitFor, find_instruction

logger = logging.getLogger(__name__)

TERMINAL = frozenset({b"succeeded", b"failed", b"canceled"})
BUFFER_BYTES = 256 * 1024

_STATUS = PRIVATE + b"status"
_ENDED = PRIVATE + b"ended"
# Who asks, from where and through which proxy; not what the POST was about (body, conditions, idempotency, preference).
_PASSED_ON = frozenset(
    {b"authorization", b"x-goog-api-key", b"host", b"accept", b"accept-language", b"user-agent", b"forwarded"}
    | {b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-port", b"x-forwarded-proto", b"x-real-ip"}
    | {b"x-request-id", b"traceparent", b"tracestate"}
)
_OF_THE_BODY = frozenset(
    {b"content-type", b"content-length", b"content-encoding", b"content-language", b"content-disposition"}
    | {b"etag", b"last-modified", b"cache-control"}
)
_REPLACED = frozenset({b"preference-applied", b"retry-after"})
# The SDKs send a POST again after these. The job is accepted, so a second one would be spent for nothing.
_REPEATED_BY_CLIENTS = frozenset({408, 409, 429})
# The key was revoked or expired during the wait. Its job was accepted and is billed, which the first answer says.
_KEY_GONE = frozenset({401, 403})


def internal_scope(scope: Scope, target: str) -> Scope:
    """The scope of `GET target` in the name of the client of `scope`."""
    path, _, query = target.partition("?")
    root = scope.get("root_path", "") or ""
    if not path.startswith(f"{root}/"):
        path = root + path
    return {
        **scope,
        "method": "GET",
        "path": unquote(path),
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "headers": [(name, value) for name, value in scope["headers"] if name in _PASSED_ON],
        INTERNAL: True,
        MATCH: None,
    }


class Renderer:
    """Renders for waiters with at most `slots` requests inside Django at a time."""

    def __init__(self, inner: App, *, slots: int) -> None:
        self._inner = inner
        self._slots = asyncio.Semaphore(slots)

    async def answer(
        self,
        first: FirstAnswer,
        wait: WaitFor,
        scope: Scope,
        gone: asyncio.Future[None],
        send: Send,
        *,
        again: bool = False,
    ) -> WaitFor | None:
        """Sends the rendering under the first answer's headers; where it fails, the first answer as it was.

        With `again` a rendering that asks to wait for another job is not sent: what it asks for is answered. Else it
        goes out as it stands. Raises ClientGone when the client hung up before the last byte was handed on.
        """
        await self._slots.acquire()
        rendering = _Rendering(first, wait, scope, send, gone, leave=self._slots.release)
        await self._render(rendering, wait, scope, gone)
        if again and rendering.asked is not None and not rendering.flowing:
            return rendering.asked
        await _finish(rendering, gone)
        return None

    async def append(
        self, first: FirstAnswer, wait: LeadFor, scope: Scope, gone: asyncio.Future[None], send: Send
    ) -> LeadFor | None:
        """Sends the rendering behind what was sent already, and returns with what it asks to go on; then the answer
        stays open. Where it fails, what the view gave for that ends the answer. Raises ClientGone.
        """
        await self._slots.acquire()
        rendering = _Appending(first, wait, scope, send, gone, leave=self._slots.release)
        await self._render(rendering, wait, scope, gone)
        await _finish(rendering, gone)
        return rendering.onward

    async def _render(self, rendering: _Rendering, wait: WaitFor, scope: Scope, gone: asyncio.Future[None]) -> None:
        try:
            if gone.done():
                raise ClientGone
            target = {**internal_scope(scope, wait.path), SECOND_HALF: True}
            await self._inner(target, _no_body(gone), rendering.send)
        except ClientGone:
            raise
        except Exception as error:
            if rendering.flowing:
                raise
            logger.error("Rendering after a wait failed.", exc_info=error)
            rendering.useless = True
        finally:
            rendering.leave()


async def _finish(rendering: _Rendering, gone: asyncio.Future[None]) -> None:
    """Sends what is left of it. Raises ClientGone."""
    if rendering.flowing:
        # Its last piece went out while the client was there, or was thrown away.
        if not rendering.delivered:
            raise ClientGone
        return
    if gone.done():
        raise ClientGone
    await rendering.finish()


class _Rendering:
    """Django's answer to the internal GET. Kept until it is whole, so that a slow client keeps no thread of Django's;
    from BUFFER_BYTES on it flows through instead, outside the slots.
    """

    def __init__(
        self,
        first: FirstAnswer,
        wait: WaitFor,
        scope: Scope,
        send: Send,
        gone: asyncio.Future[None],
        *,
        leave: Callable[[], None],
    ) -> None:
        self._first = first
        self._wait = wait
        self._preferred = header(scope["headers"], b"prefer") is not None
        self._send = send
        self._gone = gone
        self._leave: Callable[[], None] | None = leave
        self._status = 0
        self._headers: Headers = []
        self._buffer = bytearray()
        self._complete = False
        self.asked: WaitFor | None = None
        self.onward: LeadFor | None = None
        self.flowing = False
        self.delivered = False
        self.useless = False

    def leave(self) -> None:
        """Frees the slot; safe to call again."""
        leave, self._leave = self._leave, None
        if leave is not None:
            leave()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start(message["status"], list(message.get("headers", ())))
            return
        if self.useless:
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        if self.flowing:
            self.delivered = not more and not self._gone.done()
            await send_body(self._send, body, more=more or self.onward is not None)
            return
        if more and len(self._buffer) + len(body) > BUFFER_BYTES:
            self.flowing = True
            self.leave()
            if self._buffer:
                await self._flush(more=True)
            else:
                await self._begin(more=True)
            await send_body(self._send, body, more=True)
            return
        self._buffer += body
        self._complete = not more

    async def finish(self) -> None:
        """Sends what was kept, once Django is done."""
        if self.flowing:
            return
        if self.useless or not self._complete:
            await self._first.deliver(self._send)
            return
        await self._flush(more=False)

    def _start(self, status: int, headers: Headers) -> None:
        asked = find_instruction(headers)
        if isinstance(asked, WaitFor) and not isinstance(asked, LeadFor):
            self.asked = asked
        job = header(headers, _STATUS)
        ended = header(headers, _ENDED) is not None
        self.useless = not ended and (status >= 500 or status in _REPEATED_BY_CLIENTS | _KEY_GONE)
        self._status = (200 if job in TERMINAL else 202) if status == 200 and job is not None else status
        own = public(headers)
        waited = time.monotonic() - self._first.at
        kept = aged(without(self._first.headers, _OF_THE_BODY | _REPLACED), waited)
        names = {name.lower() for name, _ in kept} | {b"set-cookie"}
        self._headers = kept + [(name, value) for name, value in own if name.lower() not in names]
        if self._preferred:
            self._headers.append((b"preference-applied", b"wait=%d" % self._wait.seconds))

    async def _flush(self, *, more: bool) -> None:
        await self._begin(more=more)
        await send_body(self._send, bytes(self._buffer), more=more)
        self._buffer.clear()

    async def _begin(self, *, more: bool) -> None:
        if not more and header(self._headers, b"content-length") is None:
            self._headers.append((b"content-length", b"%d" % len(self._buffer)))
        await send_start(self._send, self._status, self._headers)


class _Appending(_Rendering):
    """The rest of an answer whose beginning is out, or a part of it. A failure ends the answer early."""

    async def finish(self) -> None:
        if self.flowing:
            return
        if self.useless or not self._complete:
            self.onward = None
            assert isinstance(self._wait, LeadFor)
            await send_body(self._send, self._wait.otherwise)
            return
        await self._flush(more=self.onward is not None)

    def _start(self, status: int, headers: Headers) -> None:
        self.useless = status != 200
        asked = find_instruction(headers)
        self.onward = asked if isinstance(asked, LeadFor) else None

    async def _begin(self, *, more: bool) -> None:
        pass


def _no_body(gone: asyncio.Future[None]) -> Receive:
    read = False

    async def receive() -> Message:
        nonlocal read
        if not read:
            read = True
            return {"type": "http.request", "body": b"", "more_body": False}
        # Not `await gone`: Django cancels its listener, and that must not cancel ours.
        await asyncio.wait({gone})
        return {"type": "http.disconnect"}

    return receive


_RESET = re.compile(rb";t=(\d+)")


def aged(headers: Headers, seconds: float) -> Headers:
    """`RateLimit` names the seconds until more is free: as many fewer. What is left by then may be more, never less."""

    def later(found: re.Match[bytes]) -> bytes:
        return b";t=%d" % max(0, int(found[1]) - int(seconds))

    return [(name, _RESET.sub(later, value) if name.lower() == b"ratelimit" else value) for name, value in headers]
