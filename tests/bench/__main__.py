"""Measures speed and memory of a platform that it starts for the purpose, and prints one table."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import re
import sys
from pathlib import Path

import psutil
import uvloop

from tests.bench import pages, volume, year
from tests.bench.beside import peers, report, rounds
from tests.bench.lines import Line
from tests.bench.rows import ROWS, warm_up
from tests.bench.stack import BenchError, Stack, running


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def machine() -> str:
    with Path("/proc/cpuinfo").open() as source:
        found = re.search(r"model name\s*: (.*)", source.read())
    model = re.sub(r"\s+", " ", found[1]) if found else "unknown processor"
    memory = psutil.virtual_memory().total / 1024**3
    return f"{psutil.cpu_count()} cores, {model}, {memory:.0f} GB, Python {sys.version.split()[0]}"


def table(lines: list[Line]) -> str:
    return aligned(
        [
            ("what", "measured", "aim", ""),
            *((line.what, line.value, line.aim, {None: "", True: "ok", False: "short"}[line.good]) for line in lines),
        ]
    )


def aligned(rows: list[tuple[str, ...]]) -> str:
    """The rows as Markdown, the heading first."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows = [rows[0], tuple("-" * width for width in widths), *rows[1:]]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    )


SEEDED = {"volume": volume.measure, "pages": pages.measure, "console": pages.measure_console, "year": year.measure}
"""Rows that seed databases of their own, which takes minutes: only those who name them get them."""


class Others:
    """How busy everybody else kept the cores, which decides what a measurement is worth."""

    def __init__(self) -> None:
        self.busy, self.whole = self._cores()
        self.own = self._own()

    def percent(self) -> float:
        """Of all cores, since it was made; call it while the processes of the benchmark still live."""
        busy, whole = self._cores()
        others = busy - self.busy - (self._own() - self.own)
        return 100 * max(others, 0.0) / max(whole - self.whole, 0.001)

    @staticmethod
    def _cores() -> tuple[float, float]:
        times = psutil.cpu_times()
        return sum(times) - times.idle - times.iowait, sum(times)

    @staticmethod
    def _own() -> float:
        me = psutil.Process()
        spent = 0.0
        for process in (me, *me.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                spent += times.user + times.system
        return spent


async def measure(stack: Stack, names: list[str], quick: bool) -> tuple[list[Line], bool]:
    lines: list[Line] = []
    whole = True
    await warm_up(stack)
    for name in names:
        try:
            lines += await ROWS[name](stack, quick)
        except* (BenchError, ConnectionError, asyncio.IncompleteReadError, psutil.Error) as group:
            whole = False
            lines.append(Line(name, f"failed: {str(group.exceptions[0])[:300]}", "", False))
    return lines, whole


async def compare(stack: Stack, names: list[str], quick: bool) -> None:
    await warm_up(stack)
    versions, measured = await rounds.measure(stack, names, quick, say)
    say("\n".join(["", *versions, "", aligned(report.columns(measured)), "", table(report.ratios(measured))]))


def parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repeats")
    parser.add_argument(
        "--rows", help=f"some of: {','.join(ROWS)}; or {' or '.join(SEEDED)}, which seed databases and take minutes"
    )
    parser.add_argument(
        "--beside",
        action="append",
        default=[],
        choices=list(peers.PEERS),
        help="install this gateway's newest release in a cache of its own and measure both in turns, instead of rows",
    )
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the platform")
    arguments = parser.parse_args(words)
    if arguments.beside and arguments.rows:
        parser.error("--beside measures no rows")
    arguments.beside = list(dict.fromkeys(arguments.beside))
    arguments.rows = arguments.rows.split(",") if arguments.rows else list(ROWS)
    if unknown := [name for name in arguments.rows if name not in {*ROWS, *SEEDED}]:
        parser.error(f"no such row: {', '.join(unknown)}")
    arguments.set = dict(setting.split("=", 1) for setting in arguments.set)
    return arguments


def main() -> int:
    arguments = parse(sys.argv[1:])
    names = arguments.rows
    say(machine())
    if arguments.beside:
        return beside(arguments)
    for name in names:
        if name not in SEEDED:
            continue
        others = Others()
        try:
            lines = SEEDED[name](arguments.quick)
        except BenchError as error:
            say(str(error))
            return 1
        say(table(lines))
        say(f"Meanwhile other programs kept the cores busy for {others.percent():.0f} % of the time.")
    if SEEDED.keys() >= set(names):
        return 0
    try:
        with running(arguments.set) as stack:
            others = Others()
            lines, whole = uvloop.run(measure(stack, [name for name in ROWS if name in names], arguments.quick))
            foreign = others.percent()
    except BenchError as error:
        say(str(error))
        return 1
    say(table(lines))
    say(f"Meanwhile other programs kept the cores busy for {foreign:.0f} % of the time.")
    return 0 if whole else 1


def beside(arguments: argparse.Namespace) -> int:
    failed = ""
    try:
        with running({"WEB_PROCESSES": str(peers.WORKERS), **arguments.set}) as stack:
            others = Others()
            uvloop.run(compare(stack, arguments.beside, arguments.quick))
            foreign = others.percent()
    except* (BenchError, ConnectionError, asyncio.IncompleteReadError) as group:
        failed = str(group.exceptions[0])
    if failed:
        say(failed)
        return 1
    say(f"Meanwhile other programs kept the cores busy for {foreign:.0f} % of the time.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
