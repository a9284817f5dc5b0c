"""Processes that the fork server forks, as `up` sees them: children of its own, like those of `subprocess`."""

from __future__ import annotations

import contextlib
import ctypes
import json
import math
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from cavendish.up.children import Child, Process, execute
from cavendish.up.fork_server import HEADER, ForkRequest

ANSWER_SECONDS = 5.0
_PR_SET_CHILD_SUBREAPER = 36


class Forked:
    """A process that was forked for us, with what of `subprocess.Popen` a child needs."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # somebody else took its status
                pid, status = self.pid, 0
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        until = math.inf if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            time.sleep(0.01)
        return code

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)


class ForkServer:
    """Starts the fork server, a child like others, and has it fork.

    Any trouble with it closes the connection, after which it ends and is started anew: a late answer is never taken
    for that to another question. Only Linux hands orphans to whom wants them, so elsewhere there is none.
    """

    def __init__(self, log: Path, env: Mapping[str, str], python: Sequence[str]) -> None:
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._loaded = False
        self._command = [*python, "-m", "cavendish.up.fork_server"]
        self.child = Child(
            "fork-server", self._command, log, env,
            spawn=self._execute, is_ready=self.is_loaded, answers=self.answers, grace=2.0,
        )  # fmt: skip
        _adopt_orphans()

    @staticmethod
    def is_possible() -> bool:
        return sys.platform == "linux"

    def _execute(self, child: Child, log: int) -> Process:
        ours, theirs = socket.socketpair()
        ours.settimeout(ANSWER_SECONDS)
        with self._lock:
            self.close()
            self._control, self._loaded = ours, False
        with theirs:
            child.argv = [*self._command, str(theirs.fileno())]
            child.pass_fds = (theirs.fileno(),)
            return execute(child, log)

    def is_loaded(self) -> bool:
        """Returns whether it has loaded everything, without waiting."""
        with self._lock:
            control = self._control
            if not self._loaded and control is not None and select.select([control], [], [], 0)[0]:
                self._loaded = len(control.recv(HEADER.size)) == HEADER.size
            return self._loaded

    def answers(self) -> bool:
        with contextlib.suppress(OSError):
            self._ask(b"", [])
            return True
        return False

    def fork(self, child: Child, log: int) -> Process:
        """Starts a child whose command line is this interpreter's, with `-m`. Raises OSError without an answer."""
        descriptors = {1: log, 2: log, **{number: number for number in child.pass_fds}}
        request: ForkRequest = {
            "command": list(child.argv),
            "environment": dict(child.env),
            "parent": os.getpid(),
            "orphan_signal": int(child.orphan_signal or child.stop_signal),
            "descriptors": list(descriptors),
        }
        return Forked(self._ask(json.dumps(request).encode(), list(descriptors.values())))

    def _ask(self, body: bytes, descriptors: list[int]) -> int:
        with self._lock:
            control = self._control
            if control is None:
                raise ConnectionResetError("the fork server has gone")
            try:
                socket.send_fds(control, [HEADER.pack(len(body))], descriptors)
                control.sendall(body)
                answer = control.recv(HEADER.size, socket.MSG_WAITALL)
                if len(answer) < HEADER.size:
                    raise ConnectionResetError("the fork server has gone")
            except OSError:
                self.close()
                raise
        (number,) = HEADER.unpack(answer)
        return int(number)

    def close(self) -> None:
        """Ends the fork server, unless it hangs; nobody it has forked notices."""
        if self._control is not None:
            self._control.close()
            self._control = None


def _adopt_orphans() -> None:
    """Makes this process the parent of whom its descendants leave behind, instead of process 1."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def bury_strangers(ours: set[int]) -> None:
    """Takes the status of a child that ended and is none of ours: what PostgreSQL left behind when it was killed."""
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and ended.si_pid not in ours:
            os.waitpid(ended.si_pid, os.WNOHANG)
