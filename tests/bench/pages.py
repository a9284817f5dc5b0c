"""The operator's and the console's pages at size: databases of their own, seeded with what the pages show.

The pages are asked in a process with the product's settings (`tests.bench.admin_pages`, `console_pages`), as whoever
signed in.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.lines import Line
from tests.bench.stack import ROOT, BenchError
from tests.bench.volume import Books

AIM_MS = 200
CONSOLE_AIM_MS, QUOTE_AIM_MS = 150, 30
SIZES = {
    False: {"records": 10_000_000, "other-jobs": 1_560_000, "months": 10, "outputs": 1_000_000, "events": 1_000_000},
    True: {"records": 600_000, "other-jobs": 94_000, "months": 2, "outputs": 100_000, "events": 100_000},
}
"""About five million jobs, or three hundred thousand for `--quick`. A job has about three usage records."""
TENANTS = 2000
DELIVERIES = 200_000


def ask(books: Books, *arguments: str, module: str = "admin_pages") -> Any:
    command = [sys.executable, "-m", f"tests.bench.{module}", *arguments]
    done = subprocess.run(command, env=books.env, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{' '.join(command[1:])} failed: {done.stdout[-1000:]}{done.stderr[-1000:]}")
    return json.loads(done.stdout)


@contextmanager
def books_made(prefix: str) -> Iterator[Books]:
    """A migrated database of its own, gone at the end."""
    with tempfile.TemporaryDirectory(prefix=prefix) as folder:
        # As root, PostgreSQL runs as another user, who must get through here; the data directory itself is private.
        Path(folder).chmod(0o755)
        books = Books(Path(folder) / "data")
        try:
            books.manage("migrate", "--database", "owner", "--verbosity", "0")
            yield books
        finally:
            books.close()
            shutil.rmtree(Path(folder) / "data", ignore_errors=True)


def measure(quick: bool) -> list[Line]:
    size = SIZES[quick]
    with books_made("cavendish-pages-") as books:
        began = time.monotonic()
        books.manage(
            "bench_seed", "--kept", "--tenants", str(TENANTS), "--until", time.strftime("%Y-%m", time.gmtime()),
            *(part for name in ("records", "other-jobs", "months") for part in (f"--{name}", str(size[name]))),
        )  # fmt: skip
        ask(books, "seed", str(size["outputs"]), str(size["events"]), str(DELIVERIES))
        seconds = time.monotonic() - began
        return [Line("seeding for the operator's pages", f"{seconds:.0f} s"), *lines_of(ask(books, "pages"))]


def measure_console(quick: bool) -> list[Line]:
    """The console of a tenant with 100,000 generations; a tenth of them for `--quick`."""
    records = 30_000 if quick else 300_000
    with books_made("cavendish-console-") as books:
        began = time.monotonic()
        books.manage(
            "bench_seed", "--kept", "--tenants", "1", "--until", time.strftime("%Y-%m", time.gmtime()),
            "--records", str(records), "--months", "3",
        )  # fmt: skip
        jobs = ask(books, "seed", module="console_pages")["jobs"]
        seconds = time.monotonic() - began
        seeded = Line("seeding for the console's pages", f"{jobs:,} jobs in {seconds:.0f} s")
        pages = ask(books, "pages", module="console_pages")
    aims = {True: QUOTE_AIM_MS, False: CONSOLE_AIM_MS}
    return [seeded, *(line_of(page, aims[page["page"] == "the quote"]) for page in pages)]


def lines_of(pages: list[dict[str, Any]]) -> list[Line]:
    """Returns a line for each page, as `tests.bench.admin_pages` has measured it."""
    return [line_of(page, AIM_MS) for page in pages]


def line_of(page: dict[str, Any], aim: int) -> Line:
    return Line(
        page["page"],
        f"{page['p95']:.0f} ms  (p50 {page['p50']:.0f}; processor {page['python']:.0f} in Python, "
        f"{page['postgresql']:.0f} in PostgreSQL; {page['queries']} queries; "
        f"{page['bytes'] / 1000:.0f} kB, {page['compressed'] / 1000:.1f} compressed)",
        f"p95 <= {aim} ms",
        page["p95"] <= aim,
    )
