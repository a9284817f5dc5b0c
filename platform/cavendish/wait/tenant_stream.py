"""Server-sent events of everything that is a tenant's, from its first event or behind a cursor, without an end."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from datetime import UTC

from cavendish.db import ids
from cavendish.http.problems import Problem
from cavendish.wait.asgi import Headers, Receive, Scope, Send, header, send_body, send_start, watching, without
from cavendish.wait.database import Event
from cavendish.wait.event_reads import EventReads
from cavendish.wait.hub import Hub
from cavendish.wait.instructions import CURSOR, TenantStreamOf
from cavendish.wait.stream import HEADERS, KEEP_ALIVE_SECONDS, PAGE, REPLACED, note_outage

LOOK_SECONDS = 1.0
"""How often a stream looks for events. Wake-ups name generations, not tenants."""

ENDING = frozenset({401, 403})
"""Statuses of refusals that end a stream; others, such as 503, pass."""

_PREFIXES = {
    "generation": ids.GENERATION,
    "batch": ids.BATCH,
    "budget": ids.BUDGET,
    "invoice": ids.INVOICE,
    "credit_note": ids.CREDIT_NOTE,
    "export": ids.EXPORT,
    "key": ids.API_KEY,
    "member": ids.USER,
}
"""Of what events are about, by the first part of their type; all others are about the tenant or name their subject."""


def frame(event: Event) -> bytes:
    """One event on the wire: the row's data with `type`, `subject` and `at` (RFC 3339, UTC) beside it.

    A generation's has `generation_id` too, as in the stream of one generation.
    """
    assert event.subject is not None
    at = event.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    noun = event.type.partition(".")[0]
    subject = ids.encode(_PREFIXES.get(noun, ids.TENANT), event.subject)
    data = {**event.data, "type": event.type, "subject": subject, "at": at}
    if noun == "generation":
        data["generation_id"] = subject
    return f"id: {event.cursor}\nevent: {event.type}\ndata: {json.dumps(data)}\n\n".encode()


async def answer_tenant_stream(
    stream: TenantStreamOf,
    headers: Headers,
    *,
    rule_again: Callable[[Scope], Awaitable[None]],
    hub: Hub,
    reads: EventReads,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Answers 200 with the events of the stream's mode until the client leaves or the process ends.

    Before each look `rule_again` is asked: a key that is revoked, or may no longer read, ends what it opened.
    """
    await send_start(send, 200, [*without(headers, REPLACED), *HEADERS])
    if scope["method"] == "HEAD":
        await send_body(send)
        return
    seen = (header(scope["headers"], b"last-event-id") or b"").decode("latin-1").strip() or stream.after
    # The view has refused what is no cursor.
    after = seen if CURSOR.fullmatch(seen) else ""
    async with watching(receive) as gone:
        # A proxy and an EventSource learn at once that the stream is open.
        await send_body(send, b": open\n\n", more=True)
        sent_at = time.monotonic()
        # The bell of no generation: it rings when the process is to end.
        with hub.listening(stream.tenant) as bell:
            gone.add_done_callback(bell.wake)
            while not gone.done() and not hub.leaving:
                bell.arm()
                events: list[Event] = []
                try:
                    await rule_again(scope)
                    events = await reads.events(tenant=stream.tenant, generation=None, after=after, limit=PAGE)
                except Problem as problem:
                    if problem.status in ENDING:
                        break
                except Exception as error:
                    note_outage(error)
                if events:
                    after = events[-1].cursor
                if shown := [event for event in events if event.livemode == stream.livemode]:
                    await send_body(send, b"".join(map(frame, shown)), more=True)
                    sent_at = time.monotonic()
                elif time.monotonic() >= sent_at + KEEP_ALIVE_SECONDS - LOOK_SECONDS:
                    await send_body(send, b": keep-alive\n\n", more=True)
                    sent_at = time.monotonic()
                if len(events) < PAGE and not gone.done():
                    await bell.wait(LOOK_SECONDS)
    await send_body(send)
