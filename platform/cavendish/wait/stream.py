"""Server-sent events of one generation, from its first event or behind Last-Event-ID to the one that ends it."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from datetime import UTC

from cavendish.wait.asgi import Headers, Receive, Scope, Send, header, send_body, send_start, watching, without
from cavendish.wait.database import Event
from cavendish.wait.event_reads import EventReads
from cavendish.wait.hub import POLL_SECONDS, Bell, Hub
from cavendish.wait.instructions import StreamOf

logger = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS = 15.0
READ_SECONDS = 60.0
"""How often a stream reads events without having been told of any, while wake-ups are there."""
FIRST_RETRY_SECONDS = 0.05
LAST_RETRY_SECONDS = 2.0
GIVE_UP_SECONDS = 30.0
"""How long a stream outlives the end of its generation when the event that says so does not appear."""
SAY_SECONDS = 10.0
PAGE = 100
TERMINAL = frozenset({"generation.succeeded", "generation.failed", "generation.canceled"})

REPLACED = frozenset({b"content-type", b"content-length", b"content-encoding", b"cache-control"})
HEADERS: Headers = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would hold events back to fill its buffer
]


def frame(stream: StreamOf, event: Event) -> bytes:
    """One event on the wire: the row's data with `type`, `generation_id` and `at` (RFC 3339, UTC) beside it."""
    frame = event.frames.get(stream.generation)
    if frame is None:
        at = event.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        data = {**event.data, "type": event.type, "generation_id": f"gen_{stream.generation.hex}", "at": at}
        frame = f"id: {event.cursor}\nevent: {event.type}\ndata: {json.dumps(data)}\n\n".encode()
        event.frames[stream.generation] = frame
    return frame


class _Reader:
    """Reads a generation's events page by page; `after` is the cursor of the last one read."""

    def __init__(self, reads: EventReads, stream: StreamOf) -> None:
        self._reads = reads
        self._stream = stream
        self.after = ""

    async def page(self) -> list[Event]:
        events = await self._reads.events(
            tenant=self._stream.tenant, generation=self._stream.generation, after=self.after, limit=PAGE
        )
        if events:
            self.after = events[-1].cursor
        return events

    async def behind(self, cursor: str) -> list[Event] | None:
        """The events behind `cursor`; None when it is that of the event that ended the generation.

        The client's cursor is compared with those of the events, never handed to SQL; one that is not among them
        stands for the beginning.
        """
        events: list[Event] = []
        while page := await self.page():
            events += page
            if len(page) < PAGE:
                break
        for index, event in enumerate(events):
            if event.cursor == cursor:
                return None if event.type in TERMINAL else events[index + 1 :]
        return events


async def answer_stream(
    stream: StreamOf, headers: Headers, *, hub: Hub, reads: EventReads, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answers 200 with the events, or 204 to a client that already has the last one, so that it stops reconnecting."""
    start = [*without(headers, REPLACED), *HEADERS]
    if scope["method"] == "HEAD":
        await send_start(send, 200, start)
        await send_body(send)
        return
    reader = _Reader(reads, stream)
    seen = (header(scope["headers"], b"last-event-id") or b"").decode("latin-1").strip() or stream.after
    events: list[Event] | None = []
    if seen:
        try:
            events = await reader.behind(seen)
        except Exception as error:
            note_outage(error)
            reader.after = ""
    if events is None:
        await send_start(send, 204, without(headers, REPLACED))
        await send_body(send)
        return
    await send_start(send, 200, start)
    async with watching(receive) as gone:
        with hub.listening(stream.generation) as bell:
            ended = await _Writer(stream, reader, bell, hub, gone, send).run(events)
    if not ended:
        await send_body(send)


class _Writer:
    """The loop of one stream: read, send, sleep until the bell, the client's leaving, or the next look."""

    def __init__(
        self, stream: StreamOf, reader: _Reader, bell: Bell, hub: Hub, gone: asyncio.Future[None], send: Send
    ) -> None:
        self._stream = stream
        self._reader = reader
        self._bell = bell
        self._hub = hub
        self._gone = gone
        self._send = send
        self._sent_at = self._read_at = time.monotonic()
        self._retry = FIRST_RETRY_SECONDS

    async def run(self, events: list[Event]) -> bool:
        """Sends `events`, then what follows, until the last event, the client's leaving or the process's end.

        Whether the last event was sent, and the body's end with it.
        """
        self._gone.add_done_callback(self._bell.wake)
        ended = await self._write(events)
        while not ended and not self._gone.done() and not self._hub.draining:
            self._bell.arm()
            failed = False
            self._read_at = time.monotonic()
            try:
                events = await self._reader.page()
            except Exception as error:
                note_outage(error)
                events, failed = [], True
            ended = await self._write(events)
            if ended or len(events) == PAGE:
                continue
            if self._given_up():
                return False
            await self._sleep(failed=failed)
        return ended

    async def _write(self, events: list[Event]) -> bool:
        """Whether the generation's last event is among them. It goes out together with the end of the body."""
        ended = any(event.type in TERMINAL for event in events)
        if events:
            self._bell.paid(event.cursor for event in events)
            self._retry = FIRST_RETRY_SECONDS
            await self._put(b"".join(frame(self._stream, event) for event in events), more=not ended)
        return ended

    async def _put(self, data: bytes, *, more: bool = True) -> None:
        await send_body(self._send, data, more=more)
        self._sent_at = time.monotonic()

    async def _sleep(self, *, failed: bool) -> None:
        until_alive = self._sent_at + KEEP_ALIVE_SECONDS - time.monotonic()
        pause = KEEP_ALIVE_SECONDS if self._hub.subscribed else POLL_SECONDS
        if failed:
            pause = POLL_SECONDS
        elif self._bell.owed:
            pause = self._retry
            self._retry *= 2
            if self._retry > LAST_RETRY_SECONDS:
                self._bell.forget()
                self._retry = FIRST_RETRY_SECONDS
        while True:
            if not self._gone.done():
                await self._bell.wait(max(0.0, min(pause, until_alive)))
            if not self._gone.done() and time.monotonic() >= self._sent_at + KEEP_ALIVE_SECONDS:
                await self._put(b": keep-alive\n\n")
            if failed or self._gone.done() or self._bell.rung or self._bell.owed or not self._hub.subscribed:
                return
            # Nothing was told of, and who would tell is there: thousands of streams do not look each time they beat.
            if time.monotonic() >= self._read_at + READ_SECONDS:
                return
            until_alive = self._sent_at + KEEP_ALIVE_SECONDS - time.monotonic()

    def _given_up(self) -> bool:
        since = self._bell.ended_since
        return since is not None and time.monotonic() > since + GIVE_UP_SECONDS


_said_at = float("-inf")


def note_outage(error: Exception) -> None:
    """Once in a while: thousands of streams notice the same outage."""
    global _said_at
    now = time.monotonic()
    if now - _said_at >= SAY_SECONDS:
        _said_at = now
        logger.warning("Events could not be read, will try again: %s.", type(error).__name__)
