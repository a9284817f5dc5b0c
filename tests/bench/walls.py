"""What row-level security costs: the same requests with and without it, in turns.

Without it means that the tables' owner has switched it off, in this benchmark's own database; the roles, the door and
every query stay as they are.
"""

from __future__ import annotations

import json
import signal
import statistics
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

import psutil
import psycopg
from psycopg.sql import SQL, Identifier

from tests.bench.calls import Connection, Reply, generation, load, request
from tests.bench.draining import drained
from tests.bench.lines import Line, percentile
from tests.bench.pictures import SMALL
from tests.bench.stack import BenchError, Stack

AIM = 10.0
CONNECTIONS = 8
"""What a web process may hold: DATABASE_POOL_SIZE."""
_GUARDED = "SELECT relname FROM pg_class WHERE relrowsecurity AND relnamespace = 'public'::regnamespace ORDER BY 1"

One = Callable[[Connection, int], Awaitable[Reply]]


async def walls(stack: Stack, quick: bool) -> list[Line]:
    rounds, count = (6, 50) if quick else (12, 100)
    listing = request("GET", "/api/v1/generations?limit=50", key=stack.keys[0])
    bodies = [generation(key, SMALL, wait=0) for key in stack.keys]

    async def listed(connection: Connection, _: int) -> Reply:
        return _expected(await connection.call(listing), 200)

    async def accepted(connection: Connection, number: int) -> Reply:
        return _expected(await connection.call(bodies[number % 2]), 202)

    await load(stack.port, 4, 120, accepted)
    await drained(stack)
    lines = [await _compared(stack, "list of 50", listed, rounds, count, warm=2 * CONNECTIONS)]
    with standing(stack):
        # Each connection plans the statements of a function anew for five calls before it settles for one plan.
        lines.append(await _compared(stack, "create", accepted, rounds, 3 * count, warm=7 * CONNECTIONS))
    await drained(stack)
    return lines


async def _compared(stack: Stack, name: str, one: One, rounds: int, count: int, *, warm: int) -> Line:
    """Rounds with, without, without, with …, so that what grows or warms up meanwhile weighs on both alike."""
    guard = _Walls(stack)
    spent: dict[bool, list[float]] = {True: [], False: []}
    medians: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * rounds):
        on = number % 4 in {0, 3}
        guard.switch(on=on)
        # The change throws every plan away; the pool's connections, which take turns, make theirs anew.
        await load(stack.port, 1, warm, one)
        before = stack.processor_seconds()
        replies, _ = await load(stack.port, 1, count, one)
        after = stack.processor_seconds()
        used = sum(after[kind] - before[kind] for kind in ("web", "PostgreSQL"))
        spent[on].append(1000 * used / count)
        medians[on].append(percentile([reply.seconds * 1000 for reply in replies], 50))
    guard.switch(on=True)
    cost = {on: statistics.median(values) for on, values in spent.items()}
    time = {on: statistics.median(values) for on, values in medians.items()}
    more = 100 * (cost[True] / cost[False] - 1)
    return Line(
        f"row-level security, {name}: processor time",
        f"{more:+.1f} %  ({cost[True]:.2f} and {cost[False]:.2f} ms; p50 {time[True]:.1f} and {time[False]:.1f} ms)",
        f"<= {AIM:g} %",
        more <= AIM,
    )


class _Walls:
    """Row-level security of the benchmark's database, in the owner's hands."""

    def __init__(self, stack: Stack) -> None:
        self._url = json.loads((stack.data_dir / "connection.json").read_text())["DATABASE_OWNER_URL"]
        with psycopg.connect(self._url) as connection:
            self._tables = [name for (name,) in connection.execute(_GUARDED)]
        queue_unlimited(stack)

    def switch(self, *, on: bool) -> None:
        word = SQL("ENABLE" if on else "DISABLE")
        with psycopg.connect(self._url) as connection:
            # Whoever stands in a transaction keeps a table, and everybody else would wait behind us.
            connection.execute("SET lock_timeout = '5s'")
            for table in self._tables:
                connection.execute(SQL("ALTER TABLE {} {} ROW LEVEL SECURITY").format(Identifier(table), word))


def queue_unlimited(stack: Stack) -> None:
    """Lets tenants queue as much as a measurement accepts."""
    with psycopg.connect(json.loads((stack.data_dir / "connection.json").read_text())["DATABASE_OWNER_URL"]) as owner:
        owner.execute("UPDATE accounts_tenant SET queue_limit = 100000")


@contextmanager
def standing(stack: Stack) -> Iterator[None]:
    """The workers stand still: what is measured is the acceptance alone."""
    workers = stack.named("worker")
    for worker in workers:
        worker.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for worker in workers:
            with suppress(psutil.Error):
                worker.send_signal(signal.SIGCONT)


def _expected(reply: Reply, status: int) -> Reply:
    if reply.status != status:
        raise BenchError(f"{reply.status} instead of {status}: {reply.body[:300].decode(errors='replace')}")
    return reply
