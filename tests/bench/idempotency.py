"""What an Idempotency-Key costs: the same accepted generations with one each and without, in turns."""

from __future__ import annotations

import secrets
import statistics

from tests.bench.calls import Connection, Reply, generation, load
from tests.bench.draining import drained
from tests.bench.lines import Line, percentile
from tests.bench.pictures import SMALL
from tests.bench.stack import BenchError, Stack
from tests.bench.walls import queue_unlimited, standing

AIM = 5.0


async def idempotency(stack: Stack, quick: bool) -> list[Line]:
    """Processor time of web and PostgreSQL for an acceptance; the workers stand still."""
    rounds, count = (8, 150) if quick else (16, 300)
    queue_unlimited(stack)
    bodies = [generation(key, SMALL, wait=0) for key in stack.keys]
    spent: dict[bool, list[float]] = {True: [], False: []}
    medians: dict[bool, list[float]] = {True: [], False: []}
    keyed = False

    async def one(connection: Connection, number: int) -> Reply:
        body = bodies[number % 2]
        if keyed:
            head, _, rest = body.partition(b"\r\n\r\n")
            body = b"%b\r\nIdempotency-Key: %b\r\n\r\n%b" % (head, secrets.token_hex(16).encode(), rest)
        reply = await connection.call(body)
        if reply.status != 202:
            raise BenchError(f"{reply.status} instead of 202: {reply.body[:300].decode(errors='replace')}")
        return reply

    with standing(stack):
        await load(stack.port, 1, 200, one)
        for number in range(2 * rounds):
            keyed = number % 4 in {0, 3}
            before = stack.processor_seconds()
            replies, _ = await load(stack.port, 1, count, one)
            after = stack.processor_seconds()
            used = sum(after[kind] - before[kind] for kind in ("web", "PostgreSQL"))
            spent[keyed].append(1000 * used / count)
            medians[keyed].append(percentile([reply.seconds * 1000 for reply in replies], 50))
    await drained(stack)
    cost = {key: statistics.median(values) for key, values in spent.items()}
    time = {key: statistics.median(values) for key, values in medians.items()}
    more = 100 * (cost[True] / cost[False] - 1)
    return [
        Line(
            "submit with and without Idempotency-Key: processor time",
            f"{more:+.1f} %  ({cost[True]:.2f} and {cost[False]:.2f} ms; "
            f"p50 {time[True]:.1f} and {time[False]:.1f} ms)",
            f"<= {AIM:g} %",
            more <= AIM,
        )
    ]
