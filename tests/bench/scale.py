"""Computes docs/scale.md from figures of `make bench`: `python -m tests.bench.scale` prints the tables.

Figures are of one machine and one day; name others with `--figures web=4.1,worker=11.5,…`. What follows from them is
arithmetic, but for the simulation of holds and settlements, which finds where waiting begins.
"""

from __future__ import annotations

import argparse
import heapq
import random
import sys
from dataclasses import dataclass, fields, replace

DAY = 86_400
PEAK = 3.0
"""The busiest minute has three times the pictures of an average one."""
BUSY = 0.6
"""Of a core at the peak. Beyond it what arrives by chance waits for long."""
PICTURES = (1_000_000, 10_000_000, 100_000_000)
TENANTS = 2_000
WAIT = 0.1
"""Seconds that a hold or a settlement may wait, in the 99th percentile, before we call it a limit."""


@dataclass(frozen=True)
class Figures:
    """Milliseconds of a processor for one picture of 1.4 MB (native API, 16 at once), unless it says otherwise."""

    web: float = 4.1
    worker: float = 11.5
    postgresql: float = 5.1
    valkey: float = 0.5
    tenant_lock: float = 3.2
    """Milliseconds that a hold and a settlement of one tenant keep others of it waiting: 316 a second, 3 budgets."""
    kept: float = 8.5
    """KB of tables and indexes that a picture leaves in PostgreSQL."""
    log: float = 16.5
    """KB of PostgreSQL's log."""
    picture: float = 1.4
    """MB."""


def cores(milliseconds: float, pictures: int) -> float:
    return pictures / DAY * PEAK * milliseconds / 1000 / BUSY


def processes_table(figures: Figures) -> list[str]:
    head = "| Pictures a day | At the peak | Cores: web | workers | PostgreSQL | Valkey |"
    lines = [head, "| --- | --- | --- | --- | --- | --- |"]
    for pictures in PICTURES:
        parts = [
            f"{max(cores(value, pictures), 0.1):.1f}"
            for value in (figures.web, figures.worker, figures.postgresql, figures.valkey)
        ]
        lines.append(f"| {pictures:,} | {pictures / DAY * PEAK:,.0f} a second | {' | '.join(parts)} |")
    return lines


def storage_table(figures: Figures) -> list[str]:
    lines = [
        "| Pictures a day | PostgreSQL a month | its log at the peak | objects a month |",
        "| --- | --- | --- | --- |",
    ]
    for pictures in PICTURES:
        tables = pictures * 30 * figures.kept / 1024**2
        log = pictures / DAY * PEAK * figures.log / 1024
        objects = pictures * 30 * figures.picture / 1000**2
        lines.append(f"| {pictures:,} | {tables:,.0f} GB | {log:,.1f} MB a second | {objects:,.0f} TB |")
    return lines


def tenant_weights(largest: float) -> list[float]:
    """Shares of the tenants: one has `largest`, the others the rest, alike."""
    return [largest, *[(1 - largest) / (TENANTS - 1)] * (TENANTS - 1)]


def waits(figures: Figures, *, rate: float, cores: int, largest: float, seconds: float = 3, seed: int = 1) -> float:
    """The 99th percentile of what a hold or a settlement waits for its tenant's rows and for a core, in seconds.

    Pictures arrive by chance; each is held, and settled 10 to 20 s later. Both take half of PostgreSQL's time for a
    picture, of which the tenant's rows are locked for `tenant_lock`.
    """
    rng = random.Random(seed)
    weights = tenant_weights(largest)
    arrivals: list[tuple[float, int]] = []
    moment, chosen = 0.0, iter(rng.choices(range(TENANTS), weights, k=int(rate * seconds * 1.3) + 100))
    while moment < seconds:
        moment += rng.expovariate(rate)
        arrivals.append((moment, next(chosen)))
    # What was accepted before we began to look is settled meanwhile: as many settlements as holds.
    steps = sorted([*arrivals, *(((at + rng.uniform(10, 20)) % seconds, tenant) for at, tenant in arrivals)])
    free, locked = [0.0] * cores, [0.0] * TENANTS
    heapq.heapify(free)
    service = figures.postgresql / 2 / 1000
    lock = figures.tenant_lock / 2 / 1000
    waited = []
    for at, tenant in steps:
        # Who waits for a row waits without a core, so it takes the one that is free first when it has the row.
        begun = max(at, locked[tenant], free[0])
        heapq.heapreplace(free, begun + service)
        locked[tenant] = begun + lock
        waited.append(begun - at)
    return sorted(waited)[int(len(waited) * 0.99)]


def first_limit(figures: Figures, *, cores: int, largest: float) -> int:
    """Pictures a second up to which waiting stays below WAIT, by halving."""
    low, high = 10.0, cores * 1000 / figures.postgresql * 1.05
    while high - low > max(5, high / 100):
        middle = (low + high) / 2
        if waits(figures, rate=middle, cores=cores, largest=largest) < WAIT:
            low = middle
        else:
            high = middle
    return int(low)


def limits_table(figures: Figures) -> list[str]:
    lines = [
        "| PostgreSQL's cores | many tenants, none above 1 % | the largest has 20 % | the largest has 60 % |",
        "| --- | --- | --- | --- |",
    ]
    for number in (4, 16, 64):
        found = [first_limit(figures, cores=number, largest=share) for share in (0.01, 0.2, 0.6)]
        shown = (f"{rate:,} a second, {rate * DAY / PEAK / 1e6:,.0f} M a day" for rate in found)
        lines.append(f"| {number} | {' | '.join(shown)} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    names = ", ".join(each.name for each in fields(Figures))
    parser.add_argument("--figures", default="", help=f"NAME=NUMBER,… of {names}")
    chosen = dict(part.split("=") for part in parser.parse_args().figures.split(",") if part)
    figures = replace(Figures(), **{name: float(value) for name, value in chosen.items()})
    for table in (processes_table(figures), storage_table(figures), limits_table(figures)):
        sys.stdout.write("\n".join(table) + "\n\n")


if __name__ == "__main__":
    main()
