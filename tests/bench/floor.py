"""The floor: what a picture costs when next to nothing is done for it, and how many times that we take.

`tests.bench.floor_server` says what it does. It stands in a schema of its own in the platform's PostgreSQL, writes to
the same disk, and is measured in turns with calls of the SDKs' dialect, by the same upstream and client.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from psycopg.sql import SQL, Identifier

from tests.bench.calls import Connection, Reply, interaction, load
from tests.bench.floor_server import DATABASE
from tests.bench.lines import Line
from tests.bench.pictures import SMALL
from tests.bench.stack import FOREIGN, ROOT, BenchError, Stack

AIM = 4.5
CLIENTS = 16
SCHEMA = "bench_floor"
TABLES, INSERTS = 10, 20
"""As many rows as a job of ours inserts, over about as many tables: the job, its parts, its hold, its charge, …"""


@dataclass(frozen=True)
class Cost:
    """Milliseconds of a processor for one picture."""

    process: float
    postgresql: float

    @property
    def whole(self) -> float:
        return self.process + self.postgresql


async def floor(stack: Stack, quick: bool) -> list[Line]:
    rounds, count = (2, 150) if quick else (3, 400)
    body = interaction(stack.keys[0], SMALL)

    async def one(connection: Connection, _: int) -> Reply:
        return whole_reply(await connection.call(body))

    costs: list[Cost] = []
    ours: list[float] = []
    with one_floor(stack.upstream_port, stack.data_dir) as (port, process):
        for server in (port, stack.port):
            await load(server, CLIENTS, 2 * CLIENTS, one)
        for _ in range(rounds):
            before, at_first = stack.processor_seconds(), _seconds(process)
            await load(port, CLIENTS, count, one)
            spent = stack.processor_seconds()["PostgreSQL"] - before["PostgreSQL"]
            costs.append(Cost(1000 * (_seconds(process) - at_first) / count, 1000 * spent / count))
            before = stack.processor_seconds()
            await load(stack.port, CLIENTS, count, one)
            ours.append(1000 * (sum(stack.processor_seconds().values()) - sum(before.values())) / count)
    return compared(costs, ours)


def compared(costs: list[Cost], ours: list[float]) -> list[Line]:
    """The floor's median round, and ours in the same run as a ratio of it."""
    median = sorted(costs, key=lambda cost: cost.whole)[len(costs) // 2]
    cost = statistics.median(ours)
    times = cost / median.whole
    name = f"{SMALL.bytes / 1e6:g} MB, {CLIENTS} at once"
    return [
        Line(
            f"floor: processor time for one, {name}",
            f"{median.whole:.1f} ms  (process {median.process:.1f}, PostgreSQL {median.postgresql:.1f}, "
            f"{INSERTS} rows in one transaction)",
        ),
        Line(
            "processor time for one, to an SDK, by the floor's",
            f"{times:.1f} x  ({cost:.1f} ms)",
            f"<= {AIM:g} x",
            times <= AIM,
        ),
    ]


def whole_reply(reply: Reply) -> Reply:
    if reply.status != 200 or reply.bytes <= SMALL.bytes:
        raise BenchError(f"No picture came: {reply.status} {reply.body[:300].decode(errors='replace')}")
    return reply


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


@contextlib.contextmanager
def one_floor(upstream_port: int, data_dir: Path) -> Iterator[tuple[int, psutil.Process]]:
    """Its port and its process; files and rows are gone afterwards."""
    with floors(upstream_port, data_dir, 1) as (port, [process]):
        yield port, process


@contextlib.contextmanager
def floors(upstream_port: int, data_dir: Path, count: int) -> Iterator[tuple[int, list[psutil.Process]]]:
    """The same by so many processes that share a port."""
    folder = data_dir.parent / "floor"
    folder.mkdir()
    port = 0
    processes = []
    with _schema(data_dir) as address, contextlib.ExitStack() as running:
        running.callback(shutil.rmtree, folder, ignore_errors=True)
        for _ in range(count):
            port, process = running.enter_context(_server(upstream_port, folder, address, port))
            processes.append(process)
        yield port, processes


@contextlib.contextmanager
def _server(upstream_port: int, folder: Path, address: str, port: int) -> Iterator[tuple[int, psutil.Process]]:
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.floor_server", str(upstream_port), str(folder), SCHEMA, str(port)],
        cwd=ROOT,
        env={**{n: v for n, v in os.environ.items() if not n.startswith(FOREIGN)}, DATABASE: address},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert server.stdout is not None
        said = server.stdout.readline()
        if not said:
            raise BenchError("The floor did not start.")
        yield int(said), psutil.Process(server.pid)
    finally:
        server.kill()
        server.communicate()


@contextlib.contextmanager
def _schema(data_dir: Path) -> Iterator[str]:
    """The tables and the function that inserts; the address of their database."""
    address: str = json.loads((data_dir / "connection.json").read_text())["DATABASE_OWNER_URL"]
    schema = Identifier(SCHEMA)
    inserts = SQL("").join(
        SQL("INSERT INTO {}.{} (tenant, digest, size, facts) VALUES (job, digest, size, facts);").format(
            schema, Identifier(f"rows_{number % TABLES}")
        )
        for number in range(INSERTS)
    )
    with psycopg.connect(address, autocommit=True) as owner:
        owner.execute(SQL("DROP SCHEMA IF EXISTS {0} CASCADE; CREATE SCHEMA {0}").format(schema))
        try:
            for number in range(TABLES):
                owner.execute(
                    SQL("""CREATE TABLE {}.{} (
                        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant uuid NOT NULL, digest bytea NOT NULL,
                        size bigint NOT NULL, facts jsonb NOT NULL, at timestamptz NOT NULL DEFAULT now())
                    """).format(schema, Identifier(f"rows_{number}"))
                )
            owner.execute(
                SQL("""CREATE FUNCTION {}.job(job uuid, digest bytea, size bigint) RETURNS void LANGUAGE plpgsql AS $$
                    DECLARE facts jsonb := jsonb_build_object('job', job, 'size', size, 'model', 'bench');
                    BEGIN {} END $$
                """).format(schema, inserts)
            )
            yield address
        finally:
            owner.execute(SQL("SET lock_timeout = '5s'; DROP SCHEMA {} CASCADE").format(schema))
