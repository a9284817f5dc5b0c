"""One process of the platform: how it starts, where its output goes, how it ends."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cavendish.boot import clock
from cavendish.up.files import rotate

LOG_LIMIT = 20 * 1024 * 1024
_PR_SET_PDEATHSIG = 1
# Loaded before the first fork: code between fork and exec must not take the loader's lock.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class SystemUser:
    """An account of the operating system that a child runs as."""

    name: str
    uid: int
    gid: int


class Process(Protocol):
    """A child process: of `subprocess`, or forked by the fork server."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int) -> None: ...


def dies_with_parent(number: int, *, parent: int | None = None) -> Callable[[], None] | None:
    """Returns a `preexec_fn` after which the kernel sends the child `number` when its parent dies, kill -9 included.

    The parent is this process, or the one given. The kernel watches the parent's thread, so children are started from a
    thread that lives as long as the process. Only Linux can do this; elsewhere it returns None, and the next start ends
    what was left.
    """
    libc = _libc
    if libc is None:
        return None
    parent = parent or os.getpid()

    def prepare() -> None:
        # Of a shell that runs `up` in the background SIGINT is ignored, and it is a child's sign to end.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        libc.prctl(_PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:  # it died between fork and prctl
            os._exit(1)

    return prepare


def plain_environment(*prefixes: str) -> dict[str, str]:
    """Returns the environment without the platform's secrets, for children that need none of them."""
    keep = ["PATH", "LANG", "LC_", "LD_LIBRARY_PATH", "TMPDIR", "VIRTUAL_ENV", "PYTHON", *prefixes]
    if clock.TIMESTAMP_FILE in os.environ:  # a moved clock is everybody's
        keep += clock.PREFIXES
    return {name: value for name, value in os.environ.items() if name.startswith(tuple(keep))}


def execute(child: Child, log: int) -> Process:
    """Executes the child's command line."""
    return subprocess.Popen(
        child.argv,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        env=dict(child.env),
        cwd=child.cwd,
        pass_fds=child.pass_fds,
        start_new_session=True,
        umask=0o077,
        preexec_fn=dies_with_parent(child.orphan_signal or child.stop_signal),
        user=child.user.uid if child.user else None,
        group=child.user.gid if child.user else None,
        extra_groups=[] if child.user else None,
    )


@dataclass
class Child:
    """A process that is kept running. It has its own session, so Ctrl-C at the terminal only reaches `up`.

    `stage` orders the stop: all of stage 0 first, then 1, then 2. After `stop_signal` it has `grace` seconds until
    SIGKILL. `answers` asks it something, in a thread: one that does not answer for long is killed and started again.
    `spawn` starts it with the descriptor of its log: as a program of its own, or forked (cavendish.up.forked).
    """

    name: str
    argv: Sequence[str]
    log: Path
    env: Mapping[str, str]
    user: SystemUser | None = None
    pass_fds: tuple[int, ...] = ()
    cwd: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals | None = None
    stage: int = 0
    grace: float = 16.0
    needs: tuple[str, ...] = ()
    before_start: Callable[[], None] | None = None
    spawn: Callable[[Child, int], Process] = execute
    before_stop: Callable[[], None] | None = None
    is_ready: Callable[[], bool] | None = None
    answers: Callable[[], bool] | None = None
    ready: bool = False
    failures: int = 0
    started_at: float = 0.0
    retry_at: float = 0.0
    process: Process | None = field(default=None, repr=False)

    def start(self) -> None:
        rotate(self.log, LOG_LIMIT)
        handle = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self.process = self.spawn(self, handle)
        finally:
            os.close(handle)

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def ending(self) -> str:
        """How it ended: `exit code 1`, `SIGKILL`."""
        code = self.process.poll() if self.process else None
        if code is None:
            return "still running"
        if code >= 0:
            return f"exit code {code}"
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
        return f"signal {-code}"

    def signal(self, number: signal.Signals) -> None:
        if self.running and self.process is not None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """Sends SIGKILL to the process and to the process group of its session."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=2)
