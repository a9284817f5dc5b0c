"""The books at size: a PostgreSQL of its own, seeded with `manage.py bench_seed`, and the questions that people ask it.

Each size is a database of its own, made with the product's commands and read with its selectors. The questions are
asked several times; the median counts, as for a page that somebody looks at. Seeding takes minutes at ten million
records.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from cavendish.up.services import Services, open_data_dir
from cavendish.up.supervisor import Supervisor
from tests.bench.lines import Line
from tests.bench.stack import FOREIGN, ROOT, BenchError

MB = 1024 * 1024
SIZES = {False: (1_000_000, 10_000_000), True: (100_000, 1_000_000)}
"""Usage records, small and large; the second for `--quick`."""
# Without a flush at each commit the seeding measures the machine's processor, not its disk; reading is as ever.
POSTGRES = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "8GB"}


class Books:
    """A seeded database. `manage` runs a command of the product on it."""

    def __init__(self, folder: Path) -> None:
        self.folders = open_data_dir(str(folder))
        self.supervisor = Supervisor(self.folders.data_dir / "children.json", report=lambda text: None)
        services = Services(self.folders, self.supervisor, {}, postgres_overrides=POSTGRES)
        services.start()
        services.record()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        self.env = {**kept, "CAVENDISH_DATA_DIR": str(self.folders.data_dir)}

    def manage(self, *arguments: str) -> str:
        return self._run([sys.executable, str(ROOT / "manage.py"), *arguments])

    def probe(self, *arguments: str) -> Any:
        return json.loads(self._run([sys.executable, "-m", "tests.bench.probe", *arguments]))

    def run_module(self, *arguments: str) -> str:
        return self._run([sys.executable, "-m", *arguments])

    def _run(self, command: list[str]) -> str:
        done = subprocess.run(command, env=self.env, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BenchError(f"{' '.join(command[1:])} failed: {done.stdout[-1000:]}{done.stderr[-1000:]}")
        return done.stdout

    def measured(self, *arguments: str) -> tuple[float, float, str]:
        """Seconds, and the most memory that the command and PostgreSQL's servants of it had of their own, in bytes."""
        began = time.monotonic()
        with self._watched() as peak:
            said = self.manage(*arguments)
        return time.monotonic() - began, peak[0], said

    @contextlib.contextmanager
    def _watched(self) -> Iterator[list[float]]:
        """The peak of `manage.py` and of the servers that work for it; shared buffers are not theirs alone."""
        peak, stop = [0.0], threading.Event()

        def look() -> None:
            while not stop.wait(0.1):
                whole = 0.0
                for process in psutil.Process().children(recursive=True):
                    with contextlib.suppress(psutil.Error):
                        command = " ".join(process.cmdline())
                        if "manage.py" in command or re.search(r"cavendish_operator|parallel worker", command):
                            memory = process.memory_full_info()
                            whole += memory.uss
                peak[0] = max(peak[0], whole)

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield peak
        finally:
            stop.set()
            thread.join()

    def close(self) -> None:
        self.supervisor.stop()


@contextlib.contextmanager
def seeded(records: int) -> Iterator[tuple[Books, float]]:
    """The books and the seconds that seeding took."""
    with tempfile.TemporaryDirectory(prefix="cavendish-books-") as folder:
        # As root, PostgreSQL runs as another user, who must get through here; the data directory itself is private.
        Path(folder).chmod(0o755)
        books = Books(Path(folder) / "data")
        try:
            books.manage("migrate", "--database", "owner", "--verbosity", "0")
            began = time.monotonic()
            books.manage("bench_seed", "--records", str(records))
            yield books, time.monotonic() - began
        finally:
            books.close()
            shutil.rmtree(Path(folder) / "data", ignore_errors=True)


def closed(books: Books) -> list[Line]:
    """The last month of all tenants becomes invoices, which then agree with everything else."""
    found = books.probe("closing")
    said = books.manage("reconcile", "--checks", "invoices,invoice_bookings,invoice_numbers,wallets", "--no-objects")
    if "Nothing differs" not in said:
        raise BenchError(f"The closed books differ: {said[-500:]}")
    seconds = found["drafting"] + found["finalising"]
    parts = f"{found['lines']:.0f} lines; drafts {found['drafting']:.1f} s, numbers {found['finalising']:.1f} s"
    return [
        Line(
            f"closing the month of {found['invoices']:.0f} tenants",
            f"{seconds:.1f} s  ({parts})",
            "<= 120 s",
            seconds <= 120 and found["invoices"] > 0,
        ),
        Line("a PDF, made and kept", f"{1000 * found['paper']:.0f} ms"),
    ]


def recent(books: Books, records: int) -> Line:
    """What is compared every hour, after a day of 100,000 records: the last of those that were seeded."""
    since = books.probe("recent")
    seconds, peak, said = books.measured("reconcile", "--since", since)
    if "Nothing differs" not in said:
        raise BenchError(f"The seeded books differ since {since}: {said[-500:]}")
    return Line(
        f"reconcile of 100,000 new records among {records / 1e6:g} M",
        f"{seconds:.0f} s, {peak / MB:.0f} MB",
        "<= 30 s",
        seconds <= 30,
    )


def measure(quick: bool) -> list[Line]:
    lines: list[Line] = []
    answers: dict[int, dict[str, float]] = {}
    for records in SIZES[quick]:
        name = f"{records / 1e6:g} M usage records"
        with seeded(records) as (books, seconds):
            lines.append(Line(f"seeding {name}", f"{seconds:.0f} s"))
            answers[records] = books.probe("questions")
            seconds, peak, said = books.measured("reconcile")
            if "Nothing differs" not in said:
                raise BenchError(f"The seeded books differ: {said[-500:]}")
            lines.append(
                Line(
                    f"reconcile, {name}",
                    f"{seconds:.0f} s, {peak / MB:.0f} MB",
                    "<= 180 s, <= 500 MB",
                    seconds <= 180 and peak <= 500 * MB,
                )
            )
            lines.append(recent(books, records))
            if records == SIZES[quick][1]:
                lines += closed(books)
    small, large = SIZES[quick]
    for question, aim in (("a tenant's month by day", 50), ("the operator's dashboard", 200), ("the front page", 200)):
        for records in (small, large):
            ms = answers[records][question]
            lines.append(Line(f"{question}, {records / 1e6:g} M", f"{ms:.1f} ms", f"<= {aim} ms", ms <= aim))
        times = answers[large][question] / max(answers[small][question], 0.001)
        lines.append(
            Line(f"{question}, {large / small:g} times the records", f"{times:.2f} x", "<= 1.5 x", times <= 1.5)
        )
    return lines
