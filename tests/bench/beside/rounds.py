"""The measuring: in turns, three rounds, one side at a time while the others stand still."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import psutil

from tests.bench.beside import peers
from tests.bench.beside.report import FLOOR, Measured
from tests.bench.beside.sides import Side, frozen, picture_reply, spent_by
from tests.bench.calls import Connection, Reply, direct, generation, interaction, load
from tests.bench.floor import floors
from tests.bench.lines import percentile
from tests.bench.pictures import LARGE, SMALL, Size
from tests.bench.rows import succeeded
from tests.bench.stack import ROOT, Stack

CLIENTS = 16
# Calls alone, small ones at once, large ones at once: full and quick.
COUNTS = {False: (150, 640, 64), True: (30, 96, 16)}
ROUNDS = {False: 3, True: 1}


def sides_of(stack: Stack, others: list[Side], floor: Side) -> list[Side]:
    """In the order of a round: the peers, Cavendish in two ways, the floor, the upstream itself."""
    revision = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    ours: dict[str, Any] = {
        "version": f"Cavendish {revision.stdout.strip() or 'of unknown revision'}",
        "port": stack.port,
        "processes": stack.processes,
        "spent": stack.processor_seconds,
    }
    return [
        *others,
        Side(
            label="Cavendish, SDK",
            request=lambda size: interaction(stack.keys[0], size),
            checked=picture_reply,
            **ours,
        ),
        Side(
            label="Cavendish, native",
            request=lambda size: generation(stack.keys[0], size),
            checked=lambda reply, _: succeeded(reply),
            **ours,
        ),
        floor,
        Side(
            label="upstream alone",
            version="",
            port=stack.upstream_port,
            request=direct,
            checked=picture_reply,
            processes=list,
            spent=dict,
        ),
    ]


@contextlib.contextmanager
def _floor(stack: Stack) -> Iterator[Side]:
    """The least that has to be done to a picture that is kept, by as many processes as a peer has."""

    def postgresql() -> list[psutil.Process]:
        return [one for server in stack.named("PostgreSQL") for one in (server, *server.children(recursive=True))]

    with floors(stack.upstream_port, stack.data_dir, peers.WORKERS) as (port, processes):
        yield Side(
            label=FLOOR,
            version="",
            port=port,
            request=lambda size: interaction("", size),
            checked=picture_reply,
            processes=lambda: processes,
            spent=lambda: {
                "processes": spent_by(processes),
                "PostgreSQL": stack.processor_seconds()["PostgreSQL"],
            },
            needs=postgresql,
        )


async def measure(
    stack: Stack, names: list[str], quick: bool, say: Callable[[str], None]
) -> tuple[list[str], list[Measured]]:
    """Returns the versions, and what each side did in each round."""
    with contextlib.ExitStack() as open_peers:
        others = []
        for name in names:
            say(f"{peers.PEERS[name].label}: installing or updating it, then starting it …")
            others.append(open_peers.enter_context(peers.running(name, stack.upstream_port)))
        sides = sides_of(stack, others, open_peers.enter_context(_floor(stack)))
        measured = [Measured(side.label) for side in sides]
        for number in range(ROUNDS[quick]):
            for side, figures in zip(sides, measured, strict=True):
                say(f"round {number + 1} of {ROUNDS[quick]}: {side.label}")
                with frozen((other for other in sides if other.port != side.port), but=side.needs()):
                    await _one_round(side, figures, COUNTS[quick])
        return list(dict.fromkeys(side.version for side in sides if side.version)), measured


async def _one_round(side: Side, figures: Measured, counts: tuple[int, int, int]) -> None:
    alone, small, large = counts

    def one(size: Size) -> Callable[[Connection, int], Any]:
        body = side.request(size)

        async def call(connection: Connection, _: int) -> Reply:
            return side.checked(await connection.call(body), size)

        return call

    await load(side.port, CLIENTS, 3 * CLIENTS, one(SMALL))
    replies, _ = await load(side.port, 1, alone, one(SMALL))
    figures.alone.append(percentile([1000 * reply.seconds for reply in replies], 50))
    before = side.spent()
    _, seconds = await load(side.port, CLIENTS, small, one(SMALL))
    figures.spent.append({kind: 1000 * (after - before[kind]) / small for kind, after in side.spent().items()})
    figures.small.append(small / seconds)
    await load(side.port, CLIENTS, CLIENTS, one(LARGE))
    _, seconds = await load(side.port, CLIENTS, large, one(LARGE))
    figures.large.append(large / seconds)
