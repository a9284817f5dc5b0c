"""Deliveries to a thousand endpoints of which fifty never answer: how many a second, and what the others notice."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from uuid import UUID

import psycopg

from tests.bench.calls import Connection, Reply, load, request
from tests.bench.lines import Line, percentile
from tests.bench.stack import ROOT, BenchError, Stack

ENDPOINTS, HANGING = 1000, 50
AIM = 2.0
PER_SECOND = 100
BURST = 3
"""Deliveries of each endpoint that are due at the same moment."""
PATIENCE = 90.0

# As the trigger on events adds them.
ADD = """
    INSERT INTO accounts_webhookdelivery (id, tenant_id, endpoint_id, message_id, event_type, source_type, subject,
                                          facts, event_at, body, status, attempts, error)
    SELECT id_new(), e.tenant_id, e.id, 'evt_' || md5(random()::text), 'invoice.paid', 'invoice.paid', e.id,
           jsonb_build_object('sent', extract(epoch FROM clock_timestamp())), now(), '', 'pending', 0, ''
    FROM accounts_webhookendpoint e CROSS JOIN generate_series(1, %s) WHERE e.id = ANY (%s)
"""


async def webhooks(stack: Stack, quick: bool) -> list[Line]:
    """First a steady rate to endpoints by chance, then all of them at once."""
    seconds = 10 if quick else 30
    with _receiver() as receiver, psycopg.connect(_owner_url(stack), autocommit=True) as owner:
        ids = await _endpoints(stack, receiver.port)
        try:
            steady = 0
            began = time.monotonic()
            while (now := time.monotonic()) < began + seconds:
                due = int((now - began) * PER_SECOND) - steady
                owner.execute(ADD, (1, random.sample(ids, due)))
                steady += due
                await asyncio.sleep(0.05)
            await _sent(owner, PATIENCE)
            burst_at = time.time()
            owner.execute(ADD, (BURST, ids))
            await _sent(owner, PATIENCE)
        finally:
            owner.execute("DELETE FROM accounts_webhookendpoint WHERE id = ANY (%s)", (ids,))
        arrived = receiver.end()
    well = [pair for path, pairs in arrived.items() if path.startswith("/well/") for pair in pairs]
    delays = [at - sent for at, sent in well if sent < burst_at]
    burst = [at for at, sent in well if sent >= burst_at]
    if len(burst) < BURST * (ENDPOINTS - HANGING):
        raise BenchError(f"{len(burst)} of {BURST * (ENDPOINTS - HANGING)} deliveries arrived")
    p50, p99 = percentile(delays, 50), percentile(delays, 99)
    name = f"{ENDPOINTS} endpoints, {HANGING} of them hang"
    return [
        Line(
            f"webhooks, {name}: others' deliveries at {PER_SECOND} a second, p50 / p99",
            f"{p50:.2f} / {p99:.2f} s",
            f"p99 <= {AIM:g} s",
            p99 <= AIM,
        ),
        Line(f"webhook deliveries per second, {name}", f"{len(burst) / (max(burst) - burst_at):.0f}"),
    ]


async def _endpoints(stack: Stack, port: int) -> list[UUID]:
    """Makes them over the API, half for each of two tenants."""

    async def one(connection: Connection, number: int) -> Reply:
        kind = "hang" if number < HANGING else "well"
        body = {"url": f"http://127.0.0.1:{port}/{kind}/{number}", "events": ["invoice.paid"]}
        key = stack.keys[number % 2]
        reply = await connection.call(
            request("POST", "/api/v1/webhook-endpoints", key=key, body=json.dumps(body).encode())
        )
        if reply.status != 201:
            raise BenchError(f"An endpoint was not made: {reply.status} {reply.body[:300].decode(errors='replace')}")
        return reply

    replies, _ = await load(stack.port, 4, ENDPOINTS, one)
    return [UUID(hex=reply.json()["id"].removeprefix("whe_")) for reply in replies]


def _owner_url(stack: Stack) -> str:
    url: str = json.loads((stack.data_dir / "connection.json").read_text())["DATABASE_OWNER_URL"]
    return url


async def _sent(owner: psycopg.Connection[tuple[int]], patience: float) -> None:
    """Waits until nothing of endpoints that answer is left; what hangs is tried again for days."""
    until = time.monotonic() + patience
    query = """SELECT count(*) FROM accounts_webhookdelivery d JOIN accounts_webhookendpoint e ON e.id = d.endpoint_id
               WHERE d.status IN ('pending', 'sending') AND e.url LIKE '%/well/%'"""
    while time.monotonic() < until:
        row = owner.execute(query).fetchone()
        if row is not None and row[0] == 0:
            return
        await asyncio.sleep(0.2)
    raise BenchError("Deliveries were left")


class _Receiver:
    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self.port = process, port

    def end(self) -> dict[str, list[tuple[float, float]]]:
        output, _ = self.process.communicate(timeout=30)
        arrived: dict[str, list[tuple[float, float]]] = json.loads(output)
        return arrived


@contextlib.contextmanager
def _receiver() -> Iterator[_Receiver]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.receiver"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield _Receiver(process, int(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()
