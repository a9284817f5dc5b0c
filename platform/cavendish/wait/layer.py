"""The ASGI application in front of Django: asks it, and does in its place what would keep a thread waiting."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from cavendish.messaging import resubmissions
from cavendish.wait.asgi import PRIVATE, App, Receive, Scope, Send, watching
from cavendish.wait.database import Source
from cavendish.wait.download import answer_file
from cavendish.wait.hub import Hub
from cavendish.wait.instructions import ClientGone, FileAt, FirstAnswer, LeadFor, StreamOf, WaitFor
from cavendish.wait.lead import answer_lead
from cavendish.wait.lifespan import run_lifespan
from cavendish.wait.limits import BodyLimits, Intake, declared_length, refuse_body
from cavendish.wait.renderer import INTERNAL, Renderer
from cavendish.wait.stream import answer_stream


@dataclass(frozen=True)
class Options:
    """`max_body_bytes` and `max_file_bytes` limit request bodies, `max_wait_seconds` a wait. At once, Django works on
    at most `django_slots` requests from outside and `render_slots` renderings for clients whose wait is over.
    """

    max_body_bytes: int
    max_file_bytes: int
    max_wait_seconds: int = 600
    django_slots: int = 64
    render_slots: int = 16


class WaitLayer:
    """Wraps `inner`, Django's ASGI handler. `source` is closed with the layer's lifespan."""

    def __init__(self, inner: App, *, valkey_url: str, source: Source, options: Options) -> None:
        self.hub = Hub(valkey_url=valkey_url, source=source)
        self._inner = inner
        self._source = source
        self._options = options
        self._limits = BodyLimits(body=options.max_body_bytes, file=options.max_file_bytes)
        self._gate = asyncio.Semaphore(options.django_slots)
        self._renderer = Renderer(inner, slots=options.render_slots)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await run_lifespan(self.hub, receive, send)
        elif scope["type"] == "http":
            await self._answer(_from_outside(scope), receive, send)
        else:
            # A WebSocket: nothing of ours speaks it, and Django would raise.
            await send({"type": "websocket.close"})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = self._limits.of(scope)
        if declared_length(scope) > limit:
            await refuse_body(scope, receive, send, limit=limit)
            return
        intake = Intake(receive, limit=limit, gate=self._gate)
        first = FirstAnswer(send, on_start=intake.leave)
        try:
            await self._inner(scope, intake.receive, first.send)
        finally:
            intake.leave()
        if intake.too_large and not first.started:
            await refuse_body(scope, receive, send, limit=limit)
        # Django is done with the request and its thread is free; from here on only this coroutine is left.
        try:
            await self._follow(first, scope, receive, send)
        except ClientGone:
            if first.posted is not None:
                # In a thread: the client of Valkey that Django's side shares is a synchronous one.
                await asyncio.to_thread(resubmissions.note, first.posted.request, first.posted.jobs)

    async def _follow(self, first: FirstAnswer, scope: Scope, receive: Receive, send: Send) -> None:
        """Does what the first answer asks for. Raises ClientGone."""
        instruction = first.instruction
        if isinstance(instruction, WaitFor):
            seconds = max(0, min(instruction.seconds, self._options.max_wait_seconds))
            await self._wait(first, replace(instruction, seconds=seconds), scope, receive, send)
        elif instruction is None and first.posted is not None:
            async with watching(receive) as gone:
                # Two turns of the loop: the watcher starts, and sees a connection that is closed already.
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                if gone.done():
                    raise ClientGone
                await first.deliver(send)
        elif isinstance(instruction, StreamOf):
            await answer_stream(
                instruction,
                first.headers,
                hub=self.hub,
                source=self._source,
                scope=scope,
                receive=receive,
                send=send,
            )
        elif isinstance(instruction, FileAt):
            await answer_file(instruction.path, first.headers, scope, receive, send)

    async def _wait(self, first: FirstAnswer, wait: WaitFor, scope: Scope, receive: Receive, send: Send) -> None:
        """Waits for the end of the job, of the seconds, of the client or of the process, whichever comes first."""
        if isinstance(wait, LeadFor):
            await answer_lead(
                first, wait, hub=self.hub, renderer=self._renderer, scope=scope, receive=receive, send=send
            )
            return
        loop = asyncio.get_running_loop()
        until = loop.time() + wait.seconds
        async with watching(receive) as gone:
            asked: WaitFor | None = wait
            # An answer that shows several jobs waits for one after the other, within the seconds of the first.
            while asked is not None:
                with self.hub.waiting(asked.generation) as ended:
                    either: set[asyncio.Future[Any]] = {gone, ended}
                    timeout = max(0.0, until - loop.time())
                    await asyncio.wait(either, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
                    over = not ended.done()
                    drained = ended.done() and not ended.result()
                if gone.done():
                    raise ClientGone
                if drained and first.whole:
                    # No time for thousands of renderings now; what was true at acceptance is a fair 202.
                    await first.deliver(send)
                    return
                wait = replace(asked, seconds=wait.seconds)
                asked = await self._renderer.answer(first, wait, scope, gone, send, again=not over and not drained)


def _from_outside(scope: Scope) -> Scope:
    """The client's request without anything that only this layer and Django may say to each other."""
    return {
        **scope,
        "headers": [(name, value) for name, value in scope["headers"] if not name.startswith(PRIVATE)],
        INTERNAL: False,
    }
