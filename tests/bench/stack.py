"""The two things that a measurement needs: an upstream, and a platform of its own that talks to it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

ROOT = Path(__file__).resolve().parents[2]
START_PATIENCE = 120.0
STOP_PATIENCE = 40.0
# Settings of the caller's shell must not lead the benchmark to somebody else's services.
FOREIGN = ("DATABASE_", "BROKER_", "VALKEY_", "STORAGE_", "SPOOL_", "SANDBOX_", "GEMINI_", "BASE_URL", "CAVENDISH_")


class BenchError(Exception):
    """A measurement that could not be made; the message says why."""


@dataclass(frozen=True)
class Stack:
    """A running platform. `keys` are live keys of its two tenants."""

    port: int
    upstream_port: int
    keys: tuple[str, str]
    data_dir: Path
    up: psutil.Process

    def processes(self) -> list[psutil.Process]:
        """Everything that `up` started, and itself."""
        return [self.up, *self.up.children(recursive=True)]

    def processor_seconds(self) -> dict[str, float]:
        """User and system time so far, by kind: web, worker, PostgreSQL (with its backends), …"""
        spent: dict[str, float] = {}
        for name, pid, _ in json.loads((self.data_dir / "children.json").read_text()):
            kind = name.partition("-")[0]
            child = psutil.Process(pid)
            for process in (child, *child.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    times = process.cpu_times()
                    spent[kind] = spent.get(kind, 0.0) + times.user + times.system
        return spent

    def named(self, prefix: str) -> list[psutil.Process]:
        """Its children by the name that `up` gave them: web, worker-1, …"""
        children = json.loads((self.data_dir / "children.json").read_text())
        return [psutil.Process(pid) for name, pid, _ in children if name.startswith(prefix)]


@contextlib.contextmanager
def running(settings: dict[str, str]) -> Iterator[Stack]:
    """Starts both, ends both, leaves nothing. `settings` are added to the platform's environment."""
    with upstream() as upstream_port, tempfile.TemporaryDirectory(prefix="cavendish-bench-") as folder:
        # As root, PostgreSQL runs as another user, who must get through here; the data directory itself is private.
        Path(folder).chmod(0o755)
        data_dir = Path(folder) / "data"
        env = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        env |= {
            "CAVENDISH_DATA_DIR": str(data_dir),
            "PORT": "0",
            "GEMINI_BASE_URL": f"http://127.0.0.1:{upstream_port}",
            "GEMINI_API_KEYS": "bench",
            # Counted as everywhere, and never reached.
            "REQUESTS_PER_MINUTE": "1000000000",
            "IMAGES_PER_MINUTE": "1000000000",
            # Rows stop workers for minutes, and mean it.
            "HANG_SECONDS": "3600",
            # The row of slow picture hosts has its own on this machine.
            "EGRESS_ALLOW": "127.0.0.1/32",
            **settings,
        }
        with (Path(folder) / "up.log").open("wb") as log:
            up = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "up"],
                env=env,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            ready = _wait_ready(up, data_dir / "ready.json", Path(folder) / "up.log")
            yield Stack(
                port=urlsplit(ready["base_url"]).port or 80,
                upstream_port=upstream_port,
                keys=(ready["tenants"][0]["api_key"], ready["tenants"][1]["api_key"]),
                data_dir=data_dir,
                up=psutil.Process(up.pid),
            )
        finally:
            _stop(up)
            if kept := os.environ.get("BENCH_KEEP_LOGS"):
                shutil.copytree(data_dir / "logs", kept, dirs_exist_ok=True)


def _wait_ready(up: subprocess.Popen[bytes], path: Path, log: Path) -> dict[str, Any]:
    deadline = time.monotonic() + START_PATIENCE
    while time.monotonic() < deadline and up.poll() is None:
        with contextlib.suppress(FileNotFoundError):
            found: dict[str, Any] = json.loads(path.read_text())
            return found
        time.sleep(0.2)
    raise BenchError(f"The platform did not start:\n{log.read_text()[-2000:]}")


def _stop(up: subprocess.Popen[bytes]) -> None:
    left = psutil.Process(up.pid).children(recursive=True) if up.poll() is None else []
    up.terminate()
    try:
        up.wait(STOP_PATIENCE)
    except subprocess.TimeoutExpired:
        up.kill()
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()


@contextlib.contextmanager
def upstream() -> Iterator[int]:
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.upstream"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        yield int(server.stdout.readline())
    finally:
        server.terminate()
        server.communicate()
