"""What it costs a request to be seen: its id, its metrics, its line in the log, its spans while nobody traces."""

from __future__ import annotations

import io
import logging
import statistics
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from cavendish.telemetry import tracing
from cavendish.telemetry.logs import SafeFormatter
from cavendish.telemetry.metrics import ACCEPT_SECONDS, HOLD_SECONDS
from cavendish.telemetry.request_ids import Request, request_enter, request_of
from cavendish.telemetry.requests import CALLER, MATCH, RequestRecord, access
from tests.bench.calls import Connection, Reply, load, request
from tests.bench.lines import Line
from tests.bench.stack import BenchError, Stack

AIM = 2.0
CALLS, ROUNDS = 2_000, 9
TENANT = "01a2247b-7b08-7543-8a9f-ceb05a85bdd6"


async def seen(stack: Stack, quick: bool) -> list[Line]:
    """Set against the cheapest request of the API that reads something, so it is less of every other."""
    count = 600 if quick else 3_000
    body = request("GET", "/api/v1/models", key=stack.keys[0])

    async def one(connection: Connection, number: int) -> Reply:
        reply = await connection.call(body)
        if reply.status != 200:
            raise BenchError(f"{reply.status} instead of 200")
        return reply

    await load(stack.port, 1, 200, one)
    before = stack.processor_seconds()
    await load(stack.port, 1, count, one)
    whole = (stack.processor_seconds()["web"] - before["web"]) / count * 1e6
    access.propagate = False
    access.setLevel(logging.WARNING)
    counted = _microseconds(_seen)
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(SafeFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    access.addHandler(handler)
    access.setLevel(logging.INFO)
    line = _microseconds(_seen) - counted
    access.removeHandler(handler)
    spans = _microseconds(_untraced)
    share = 100 * counted / whole
    return [
        Line(
            "metrics and request id: processor time of web per request",
            f"+{share:.1f} %  ({counted:.0f} µs of {whole:.0f})",
            f"<= {AIM:g} %",
            share <= AIM,
        ),
        Line("the request's line in the log", f"{line:.0f} µs"),
        Line("spans of an accepted request while nobody traces", f"{spans:.1f} µs", "<= 5 µs", spans <= 5),
    ]


def _seen() -> None:
    """What happens beside the work of a request that is accepted."""
    scope: dict[str, Any] = {"method": "POST", "headers": [(b"host", b"x"), (b"accept", b"*/*"), (b"user-agent", b"b")]}
    found = request_of(scope["headers"])
    request_enter(Request(found.id))
    record = RequestRecord(scope)
    scope[MATCH] = SimpleNamespace(route="api/v1/generations")
    scope[CALLER] = SimpleNamespace(tenant=TENANT)
    record.status = 202
    with ACCEPT_SECONDS.time(), HOLD_SECONDS.time():
        pass
    record.end()


def _untraced() -> None:
    with tracing.request_span("POST", ()), tracing.span("accept"), tracing.span("hold"):
        tracing.traceparent()


def _microseconds(work: Callable[[], None]) -> float:
    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(CALLS):
            work()
        rounds.append((time.process_time() - began) / CALLS * 1e6)
    return statistics.median(rounds)
