"""A year of jobs: a PostgreSQL seeded by SQL with twelve months of them, and one without, asked the same questions.

Rows are written by generate_series: what jobs leave behind, without the books (`--rows volume` has those), of fifty
tenants, each month but the last two erased as a retention of two months would have it. What is measured is what
PostgreSQL does: the functions that jobs are made of, called as the roles that call them, the reads behind the API, and
what it takes to drop the oldest month, or to delete it. Milliseconds are of the backend's processor, so that it counts
little what others do meanwhile; pages are those that it looked at, in memory or not.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.lines import Line
from tests.bench.stack import BenchError
from tests.bench.volume import Books

JOBS = {False: 150_000, True: 10_000}
"""A month, in a year of twelve: a million a day, scaled to what a disk has room for; the second for `--quick`."""
MOST_BYTES = 25 * 1024**3


@contextlib.contextmanager
def _database(jobs: int) -> Iterator[tuple[Books, dict[str, Any]]]:
    """A migrated database with so many jobs a month; and what was seeded."""
    with tempfile.TemporaryDirectory(prefix="cavendish-year-") as folder:
        # As root, PostgreSQL runs as another user, who must get through here; the data directory itself is private.
        Path(folder).chmod(0o755)
        books = Books(Path(folder) / "data")
        try:
            books.manage("migrate", "--database", "owner", "--verbosity", "0")
            yield books, _asked(books, "seed", str(jobs))
        finally:
            books.close()
            shutil.rmtree(Path(folder) / "data", ignore_errors=True)


def _asked(books: Books, *arguments: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(books.run_module("tests.bench.year_inside", *arguments))
    return answer


def measure(quick: bool) -> list[Line]:
    jobs = JOBS[quick]
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if free < MOST_BYTES * 1.2:
        raise BenchError(f"A year of jobs may take 25 GB, and {free / 1024**3:.0f} are free.")
    with _database(0) as (books, _):
        empty = _asked(books, "measure")
    with _database(jobs) as (books, seeded):
        lines = [
            Line(
                f"seeding 12 months of {jobs:,} jobs",
                f"{seeded['seconds']:.0f} s  ({seeded['bytes'] / 1024**3:.1f} GB, {seeded['rows'] / 1e6:.1f} M rows)",
            )
        ]
        full = _asked(books, "measure")
        for what in empty:
            lines.append(_compared(what, empty[what], full[what]))
        lines += _dropped(_asked(books, "drop"))
    return lines


def _compared(what: str, empty: dict[str, float], full: dict[str, float]) -> Line:
    ratio = full["ms"] / empty["ms"]
    value = f"{full['ms']:.2f} ms, {full['buffers']:.0f} pages"
    return Line(
        f"{what}, after a year  (without a past)",
        f"{value}  ({empty['ms']:.2f} ms, {empty['buffers']:.0f}; × {ratio:.2f})",
        "<= 1.5 x",
        ratio <= 1.5,
    )


def _dropped(found: dict[str, float]) -> list[Line]:
    return [
        Line(
            "dropping the oldest month  (nothing of it is kept)",
            f"{1000 * found['drop']:.0f} ms, {found['drop_log'] / 1024:.0f} KB of log",
            "<= 2 s",
            found["drop"] <= 2,
        ),
        Line(
            f"the same with {found['held']:.0f} generations of it that are kept",
            f"{1000 * found['moved']:.0f} ms, {found['moved_log'] / 1024:.0f} KB of log",
            "<= 5 s",
            found["moved"] <= 5,
        ),
        Line(
            "deleting a month instead, and its VACUUM",
            f"{found['delete']:.1f} + {found['vacuum']:.1f} s, {found['delete_log'] / 1024**2:.0f} MB of log",
        ),
        Line(
            "given back to the disk: by dropping, by deleting",
            f"{_mb(found['drop_bytes'])}, {_mb(found['delete_bytes'])}",
        ),
    ]


def _mb(count: float) -> str:
    return f"{count / 1024**2:.0f} MB"
