"""The operator's pages at size: a database of its own, seeded as that of `volume` and with what else the pages show.

The pages are asked in a process with the product's settings (`tests.bench.admin_pages`), as the operator who signed in.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.lines import Line
from tests.bench.stack import ROOT, BenchError
from tests.bench.volume import Books

AIM_MS = 200
SIZES = {
    False: {"records": 10_000_000, "other-jobs": 1_560_000, "months": 10, "outputs": 1_000_000, "events": 1_000_000},
    True: {"records": 600_000, "other-jobs": 94_000, "months": 2, "outputs": 100_000, "events": 100_000},
}
"""About five million jobs, or three hundred thousand for `--quick`. A job has about three usage records."""
TENANTS = 2000
DELIVERIES = 200_000


def ask(books: Books, *arguments: str) -> Any:
    command = [sys.executable, "-m", "tests.bench.admin_pages", *arguments]
    done = subprocess.run(command, env=books.env, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{' '.join(command[1:])} failed: {done.stdout[-1000:]}{done.stderr[-1000:]}")
    return json.loads(done.stdout)


def measure(quick: bool) -> list[Line]:
    size = SIZES[quick]
    with tempfile.TemporaryDirectory(prefix="cavendish-pages-") as folder:
        # As root, PostgreSQL runs as another user, who must get through here; the data directory itself is private.
        Path(folder).chmod(0o755)
        books = Books(Path(folder) / "data")
        try:
            books.manage("migrate", "--database", "owner", "--verbosity", "0")
            began = time.monotonic()
            books.manage(
                "bench_seed", "--kept", "--tenants", str(TENANTS), "--until", time.strftime("%Y-%m", time.gmtime()),
                *(part for name in ("records", "other-jobs", "months") for part in (f"--{name}", str(size[name]))),
            )  # fmt: skip
            ask(books, "seed", str(size["outputs"]), str(size["events"]), str(DELIVERIES))
            seconds = time.monotonic() - began
            return [Line("seeding for the operator's pages", f"{seconds:.0f} s"), *lines_of(ask(books, "pages"))]
        finally:
            books.close()
            shutil.rmtree(Path(folder) / "data", ignore_errors=True)


def lines_of(pages: list[dict[str, Any]]) -> list[Line]:
    """Returns a line for each page, as `tests.bench.admin_pages` has measured it."""
    return [
        Line(
            page["page"],
            f"{page['p95']:.0f} ms  (p50 {page['p50']:.0f}; processor {page['python']:.0f} in Python, "
            f"{page['postgresql']:.0f} in PostgreSQL; {page['queries']} queries; "
            f"{page['bytes'] / 1000:.0f} kB, {page['compressed'] / 1000:.1f} compressed)",
            f"p95 <= {AIM_MS} ms",
            page["p95"] <= AIM_MS,
        )
        for page in pages
    ]
