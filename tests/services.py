"""Early pytest plugin (`-p tests.services`): a real PostgreSQL and Valkey, there before Django reads its settings.

It uses the same code as `manage.py up`, in a temporary data directory that is removed at the end. `Running` is a whole
platform for tests that need one.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cavendish.up.children import dies_with_parent
from cavendish.up.ports import LOCAL, bound_socket
from cavendish.up.postgres import THROWAWAY
from cavendish.up.ready import READY_FILE
from cavendish.up.servers import sandbox_child
from cavendish.up.services import Services, open_data_dir
from cavendish.up.supervisor import Supervisor
from tests.scratch import scratch_make
from tests.template import template_copy

ROOT = Path(__file__).resolve().parent.parent
# What a developer's shell may hold and tests must not see: they run on services of their own.
FOREIGN = (
    "DATABASE_",
    "BROKER_URL",
    "VALKEY_URL",
    "STORAGE_URL",
    "SANDBOX_",
    "GEMINI_",
    "BASE_URL",
    "SECRET_KEY",
    "PORT",
)
# Ways of calling pytest that run no test.
NO_TESTS = {"--help", "-h", "--version", "-V", "--collect-only", "--co", "--fixtures", "--markers"}


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}


class Harness:
    """PostgreSQL and Valkey of one test run; the sandbox's port is held from the start, its server starts on demand."""

    def __init__(self, *, start: bool = True) -> None:
        self.folders = open_data_dir(tempfile.mkdtemp(prefix="cavendish-tests-"))
        self.lines: list[str] = []
        self.supervisor = Supervisor(self.folders.data_dir / "children.json", report=self.lines.append)
        self.sandbox_socket = bound_socket(LOCAL, 0)
        self.sandbox_url = f"http://{LOCAL}:{self.sandbox_socket.getsockname()[1]}"
        self._sandbox_runs = False
        for name in set(os.environ) - set(clean_environment()):
            del os.environ[name]
        os.environ["CAVENDISH_DATA_DIR"] = str(self.folders.data_dir)
        # Threads of tests keep their connections until they end, and a pool that is empty fails whoever asks next.
        os.environ["DATABASE_POOL_SIZE"] = "32"
        self.is_migrated = start and template_copy(self.folders.data_dir)
        if start:
            services = Services(self.folders, self.supervisor, {}, postgres_overrides=THROWAWAY)
            services.start()
            services.record(SANDBOX_URL=self.sandbox_url, BASE_URL=f"http://{LOCAL}:8000")

    def start_sandbox(self) -> str:
        if not self._sandbox_runs:
            child = sandbox_child(self.folders, self.sandbox_socket)
            self.supervisor.launch(child)
            self.supervisor.wait_ready(child)
            self._sandbox_runs = True
        return self.sandbox_url

    def stop(self) -> None:
        self.supervisor.stop()
        self.sandbox_socket.close()
        shutil.rmtree(self.folders.data_dir, ignore_errors=True)


@dataclass
class Alone:
    """Services with a migrated database and no server, for commands: what `services_alone` starts."""

    data_dir: Path
    owner_url: str

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**clean_environment(), "CAVENDISH_DATA_DIR": str(self.data_dir)}
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=230)


@contextlib.contextmanager
def services_alone() -> Iterator[Alone]:
    """Services of their own, gone at the end: for what other tests would be in the way of, or it in theirs."""
    folders = open_data_dir(tempfile.mkdtemp(prefix="cavendish-alone-"))
    supervisor = Supervisor(folders.data_dir / "children.json", report=lambda text: None)
    try:
        is_migrated = template_copy(folders.data_dir)
        services = Services(folders, supervisor, {}, postgres_overrides=THROWAWAY)
        services.start()
        services.record(SANDBOX_URL=f"http://{LOCAL}:9", BASE_URL=f"http://{LOCAL}:8000")
        alone = Alone(folders.data_dir, services.urls["DATABASE_OWNER_URL"])
        if not is_migrated:
            done = alone.manage("migrate", "--database", "owner", "--no-input")
            assert done.returncode == 0, done.stderr[-3000:]
        yield alone
    finally:
        supervisor.stop()
        shutil.rmtree(folders.data_dir, ignore_errors=True)


class Running:
    """A `manage.py up` of its own: `ready` is its ready.json, `process` the `up`, `data_dir` its data directory.

    It takes a free port; `env` adds settings. Call `remove()` at the end; `stop()` and `start()` again keep the data.
    `empty`: it begins with nothing at all, as on a new machine, and not with a database that is migrated already.
    `data_dir`: it goes on where another one has stopped.
    """

    entry = ROOT / "manage.py"

    def __init__(
        self,
        env: Mapping[str, str] | None = None,
        *,
        empty: bool = False,
        data_dir: Path | None = None,
        timeout: float = 120,
    ) -> None:
        self.data_dir = data_dir or Path(tempfile.mkdtemp(prefix="cavendish-platform-"))
        if not empty and not data_dir and not any(name.startswith("DATABASE_") for name in env or ()):
            template_copy(self.data_dir)
        self.env = dict(env or {})
        self.output = self.data_dir / "up.out"
        self.process: subprocess.Popen[bytes]
        self.ready: dict[str, Any]
        try:
            self.start(timeout)
        except BaseException:
            self.remove()
            raise

    @property
    def environment(self) -> Mapping[str, str]:
        """For `manage.py` commands that talk to this platform."""
        return {"PORT": "0", **clean_environment(), **self.env, "CAVENDISH_DATA_DIR": str(self.data_dir)}

    @property
    def url(self) -> str:
        return str(self.ready["base_url"])

    def start(self, timeout: float = 120) -> None:
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(self.entry), "up"],
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                preexec_fn=dies_with_parent(signal.SIGTERM),
            )
        deadline = time.monotonic() + timeout
        ready_file = self.data_dir / READY_FILE
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            # A file of a killed `up` names another process.
            if ready_file.exists() and json.loads(ready_file.read_text())["pid"] == self.process.pid:
                self.ready = json.loads(ready_file.read_text())
                return
            time.sleep(0.05)
        self.stop()
        said = self.output.read_text()[-4000:]
        raise AssertionError(f"manage.py up did not become ready:\n{said}")

    def manage(self, *arguments: str) -> str:
        """Run `manage.py` against this platform and return what it printed."""
        command = [sys.executable, str(self.entry), *arguments]
        return subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True).stdout

    def stop(self) -> float:
        """End it by SIGTERM; seconds it took."""
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return time.monotonic() - began

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.data_dir, ignore_errors=True)


_harness: Harness | None = None


def harness() -> Harness:
    """The services of this run."""
    assert _harness is not None, "pytest runs without `-p tests.services`"
    return _harness


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(args: list[str]) -> Generator[None, None, None]:
    """Runs before pytest-django's hook of this name, which reads the settings."""
    global _harness
    if scratch := scratch_make():
        atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    # Who hands tests out to lanes runs none itself.
    leads = "-n" in args and "PYTEST_XDIST_WORKER" not in os.environ
    _harness = Harness(start=not leads and not NO_TESTS & set(args))
    atexit.register(_stop)
    yield


def pytest_unconfigure() -> None:
    _stop()


def _stop() -> None:
    global _harness
    if _harness is not None:
        _harness.stop()
        _harness = None
