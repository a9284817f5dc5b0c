"""Answers whose beginning is sent at once and whose rest comes when a job ends: server-sent events of other APIs."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from cavendish.wait.asgi import Headers, Receive, Scope, Send, send_body, send_start, watching, without
from cavendish.wait.hub import Hub
from cavendish.wait.instructions import ClientGone, FirstAnswer, LeadFor
from cavendish.wait.renderer import Renderer

KEEP_ALIVE_SECONDS = 15.0

_REPLACED = frozenset({b"content-length", b"cache-control"})
_HEADERS: Headers = [(b"cache-control", b"no-store"), (b"x-accel-buffering", b"no")]


async def answer_lead(
    first: FirstAnswer,
    wait: LeadFor,
    *,
    hub: Hub,
    renderer: Renderer,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Sends the first answer, beats while the job runs, then the rendering; that may ask to go on with another job.

    A process that is being stopped ends the answer where it is, with what the view gave for that: a client of Google's
    resumes behind the last event it saw, others are told where the job is.
    """
    await send_start(send, first.status, [*without(first.headers, _REPLACED), *_HEADERS])
    await send_body(send, first.body, more=True)
    until = time.monotonic() + wait.seconds
    async with watching(receive) as gone:
        asked: LeadFor | None = wait
        while asked is not None:
            with hub.waiting(asked.generation) as ended:
                either: set[asyncio.Future[Any]] = {gone, ended}
                while not gone.done() and not ended.done() and (left := until - time.monotonic()) > 0:
                    pause = min(left, KEEP_ALIVE_SECONDS)
                    done, _ = await asyncio.wait(either, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
                    if not done:
                        await send_body(send, asked.beat, more=True)
                over = not ended.done()
                drained = ended.done() and not ended.result()
            if gone.done():
                raise ClientGone
            if drained:
                await send_body(send, asked.otherwise)
                return
            after = await renderer.append(first, asked, scope, gone, send)
            if after is not None and over:
                await send_body(send, after.otherwise)
                return
            asked = after
