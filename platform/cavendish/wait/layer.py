"""The ASGI application in front of Django: asks it, and does in its place what would keep a thread waiting."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace
from typing import Any

from cavendish.http.admission import STRANGER
from cavendish.http.problems import Problem, internal, problem_of
from cavendish.http.slots import SCOPE_KEY
from cavendish.http.threaded import INTERNAL
from cavendish.messaging import resubmissions
from cavendish.telemetry.leaving import is_leaving
from cavendish.telemetry.request_ids import HEADER, Request, request_enter, request_of
from cavendish.telemetry.requests import MATCH, RECORD, ROUTE, RequestRecord
from cavendish.telemetry.tracing import request_span
from cavendish.wait.asgi import PRIVATE, App, Message, Receive, Scope, Send, watching, without
from cavendish.wait.bodies import BodyBudget, BudgetLimits
from cavendish.wait.cross_origin import answer_preflight, is_for_every_origin, opened
from cavendish.wait.database import Source
from cavendish.wait.documents import Documents
from cavendish.wait.download import answer_file
from cavendish.wait.event_reads import EventReads
from cavendish.wait.hub import Hub
from cavendish.wait.instructions import ClientGone, FileAt, FirstAnswer, LeadFor, StreamOf, TenantStreamOf, WaitFor
from cavendish.wait.intake import Intake, Pace
from cavendish.wait.judgement import Rules, Ruling, declared_length, has_body
from cavendish.wait.lead import answer_lead
from cavendish.wait.lifespan import Leaving, run_lifespan
from cavendish.wait.open_requests import OpenLimits, OpenRequests
from cavendish.wait.refusal import refuse
from cavendish.wait.renderer import Renderer
from cavendish.wait.stream import answer_stream
from cavendish.wait.tenant_stream import answer_tenant_stream

logger = logging.getLogger(__name__)

PROBE_SLOTS = 2
"""Requests of load balancers and Prometheus inside Django; they never wait for others'."""
UNGATED = "cavendish.ungated"
"""Scope key of these requests, which Django answers in threads of their own."""


def people_slots(django_slots: int) -> int:
    """How many requests without a key Django works on at once, beside as many as `django_slots` with one."""
    return max(2, django_slots // 4)


@dataclass(frozen=True)
class Options:
    """`max_wait_seconds` limits a wait. At once, Django works on at most `django_slots` requests from outside and
    `render_slots` renderings for clients whose wait is over. `pace`, `bodies` and `open_requests` bound what comes in;
    `keep_documents` is for servers whose files do not change while they run.
    """

    bodies: BudgetLimits
    max_wait_seconds: int = 600
    django_slots: int = 64
    render_slots: int = 16
    keep_documents: bool = True
    pace: Pace = field(default_factory=Pace)
    open_requests: OpenLimits = field(default_factory=OpenLimits)
    leaving: Leaving = field(default_factory=Leaving)


class WaitLayer:
    """Wraps `inner`, Django's ASGI handler. `source` is closed with the layer's lifespan."""

    def __init__(self, inner: App, *, valkey_url: str, source: Source, rules: Rules, options: Options) -> None:
        self.hub = Hub(valkey_url=valkey_url, source=source)
        self._inner = inner
        self._reads = EventReads(source)
        self._rules = rules
        self._options = options
        self._open = OpenRequests(options.open_requests)
        self._bodies = BodyBudget(options.bodies)
        self._gate = asyncio.Semaphore(options.django_slots)
        self._gate_for_people = asyncio.Semaphore(people_slots(options.django_slots))
        self._gate_for_probes = asyncio.Semaphore(PROBE_SLOTS)
        self._renderer = Renderer(inner, slots=options.render_slots)
        self._documents = Documents(inner)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await run_lifespan(self.hub, receive, send, self._options.leaving)
        elif scope["type"] == "http":
            # Of this task, and so of the thread in which Django works on it.
            request = request_of(scope["headers"])
            with request_span(scope["method"], scope["headers"]) as span:
                if span is not None:
                    request = request._replace(trace_id=span.trace_id)
                request_enter(request)
                scope = _from_outside(scope)
                record = scope[RECORD] = RequestRecord(scope)
                try:
                    await self._answer(scope, receive, _named(send, request, record))
                finally:
                    record.end()
                    if span is not None:
                        span.note(record.of_span(request.id), name=record.name, failed=record.status >= 500)
        else:
            # A WebSocket: nothing of ours speaks it, and Django would raise.
            await send({"type": "websocket.close"})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        address = client[0] if client else ""
        ruling = None
        is_open = is_for_every_origin(scope)
        if is_open:
            send = opened(send)
        try:
            self._rules.check_host(scope)
            if is_open and await answer_preflight(scope, send):
                return
            if await self._documents.answer_kept(scope, send):
                scope[ROUTE] = "document"
                return
            ruling = await self._rules.rule(scope)
            if self._options.keep_documents and await self._documents.answer(scope, send):
                return
            place = self._open.enter(ruling.caller, address)
        except Problem as problem:
            await refuse(scope, receive, send, problem, caller=ruling.caller if ruling else STRANGER)
            return
        except Exception as error:
            await refuse(scope, receive, send, _failed(error), caller=STRANGER)
            return
        try:
            await self._admitted(ruling, address, scope, receive, send)
        finally:
            place.leave()

    async def _admitted(self, ruling: Ruling, address: str, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            # Of a compressed body the length says nothing about the room that it takes.
            length = declared_length(scope) if ruling.coding is None else 0
            reservation = self._bodies.reserve(ruling.caller, address, length)
        except Problem as problem:
            await refuse(scope, receive, send, problem, caller=ruling.caller)
            return
        gated = ruling.path_class.gated
        intake = Intake(
            receive,
            limit=ruling.limit,
            timed=has_body(scope),
            pace=self._options.pace,
            reservation=reservation,
            gate=self._gate_of(ruling),
            coding=ruling.coding,
        )
        if ruling.coding is not None:
            scope = _as_unpacked(scope)
        scope = {**scope, MATCH: ruling.match, UNGATED: not gated, SCOPE_KEY: intake}
        first = FirstAnswer(send, on_start=intake.leave)
        try:
            await self._inner(scope, intake.receive, first.send)
        except Exception as error:
            # Before its views, for example: Django keeps a body in the spool while it comes.
            if first.started:
                raise
            intake.refusal = _failed(error)
        finally:
            intake.leave()
            reservation.release()
        if intake.refusal is not None and not first.started:
            slow = intake.refusal.status == 408
            await refuse(scope, receive, send, intake.refusal, caller=ruling.caller, gone=slow)
        # Django is done with the request and its thread is free; from here on only this coroutine is left.
        try:
            await self._follow(first, scope, receive, send)
        except ClientGone:
            if first.resubmission is not None:
                # In a thread: the client of Valkey that Django's side shares is a synchronous one.
                await asyncio.to_thread(resubmissions.note, first.resubmission.request, first.resubmission.jobs)

    def _gate_of(self, ruling: Ruling) -> asyncio.Semaphore:
        """Whoever opens pages without end takes no place from those who have a key, and neither does a probe."""
        if not ruling.path_class.gated:
            return self._gate_for_probes
        return self._gate if ruling.caller.tenant else self._gate_for_people

    async def _follow(self, first: FirstAnswer, scope: Scope, receive: Receive, send: Send) -> None:
        """Does what the first answer asks for. Raises ClientGone."""
        instruction = first.instruction
        scope[RECORD].mode = _mode(instruction)
        if isinstance(instruction, WaitFor):
            seconds = max(0, min(instruction.seconds, self._options.max_wait_seconds))
            await self._wait(first, replace(instruction, seconds=seconds), scope, receive, send)
        elif instruction is None and first.resubmission is not None:
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
                reads=self._reads,
                scope=scope,
                receive=receive,
                send=send,
            )
        elif isinstance(instruction, TenantStreamOf):
            await answer_tenant_stream(
                instruction,
                first.headers,
                rule_again=self._rules.rule_again,
                hub=self.hub,
                reads=self._reads,
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


def _failed(error: Exception) -> Problem:
    """Returns what to answer where Django has not: what the error stands for, and of a defect no more than that."""
    problem = problem_of(error)
    if problem is None:
        logger.error("A request failed before it was answered.", exc_info=error)
    return problem or internal()


def _mode(instruction: object) -> str:
    if isinstance(instruction, StreamOf | TenantStreamOf):
        return "stream"
    if isinstance(instruction, FileAt):
        return "file"
    return "wait" if isinstance(instruction, WaitFor) else "answer"


def _as_unpacked(scope: Scope) -> Scope:
    """The request as if its body had come as it is, and without a length, which is known at its end."""
    headers = without(scope["headers"], frozenset({b"content-encoding", b"content-length", b"transfer-encoding"}))
    return {**scope, "headers": [*headers, (b"transfer-encoding", b"chunked")]}


def _named(send: Send, request: Request, record: RequestRecord) -> Send:
    """Tells the client its request's id, and the record the status, whoever answers.

    A client of a process that ends is told to come elsewhere next time.
    """
    name = (HEADER, request.id.encode("ascii"))

    async def named(message: Message) -> None:
        if message["type"] == "http.response.start":
            closing = [(b"connection", b"close")] if is_leaving() else []
            message = {**message, "headers": [*message.get("headers", ()), name, *closing]}
            record.status = message["status"]
        await send(message)

    return named


def _from_outside(scope: Scope) -> Scope:
    """The client's request without anything that only this layer and Django may say to each other."""
    return {
        **scope,
        "headers": [(name, value) for name, value in scope["headers"] if not name.startswith(PRIVATE)],
        INTERNAL: False,
    }
