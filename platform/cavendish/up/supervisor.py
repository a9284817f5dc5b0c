"""Keeps the children alive: starts them, restarts what dies, ends them in order."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType

import psutil

from cavendish.up.children import LOG_LIMIT, Child, dies_with_parent
from cavendish.up.errors import Stopped, UpError
from cavendish.up.files import rotate, tail, write_private
from cavendish.up.forked import bury_strangers
from cavendish.up.probes import Probes

Report = Callable[[str], None]

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 10.0
# A child that ran this long before it died is restarted as if it had never failed.
HEALTHY_AFTER = 30.0
LOGS_EVERY = 60.0


def print_line(line: str = "") -> None:
    """Prints a line on the console. A console that is gone stops nothing."""
    with contextlib.suppress(OSError, ValueError):
        print(line, flush=True)


class Supervisor:
    """The children of this process, in the order in which they start.

    `registry` is a file with their ids, so that the next start can end what a killed `up` left behind. `report` gets
    lines for the console.
    """

    def __init__(self, registry: Path, report: Report = print_line, *, probes: Probes | None = None) -> None:
        self.children: list[Child] = []
        self.registry = registry
        self.report = report
        self.probes = probes or Probes()
        self.stopping = False
        self._urgent = False
        self._last_error = ""
        self._wake_reader, self._wake_writer = os.pipe()
        os.set_blocking(self._wake_reader, False)
        os.set_blocking(self._wake_writer, False)

    # Signals

    def install_signals(self) -> None:
        """Lets SIGTERM, SIGINT and SIGHUP request a stop, a second one a quick stop; SIGCHLD only wakes the loop.

        SIGHUP stays ignored where it was (nohup).
        """
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN or number == signal.SIGTERM:
                signal.signal(number, self._request_stop)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(self._wake_writer, warn_on_full_buffer=False)

    def _request_stop(self, number: int, frame: FrameType | None) -> None:
        if self.stopping:
            self._urgent = True
        self.stopping = True

    def pause(self, seconds: float) -> None:
        """Sleeps, but wakes at once for a signal, a child's end included."""
        ready, _, _ = select.select([self._wake_reader], [], [], max(0.0, seconds))
        if ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_reader, 4096)

    def check_stop(self) -> None:
        """Raises Stopped once a stop was requested."""
        if self.stopping:
            raise Stopped("Stopped before everything had started.")

    # Starting

    def launch(self, child: Child) -> None:
        """Starts `child` and keeps it running from now on. Use `wait_ready` to wait for it."""
        self.check_stop()
        self.children.append(child)
        self._start(child)

    def _start(self, child: Child) -> None:
        if child.before_start:
            child.before_start()
        child.start()
        child.started_at = time.monotonic()
        self._register()

    def wait_ready(self, child: Child) -> float:
        """Waits until `child.is_ready`. Returns the seconds since its start.

        Raises UpError with the end of its log when it dies first, Stopped when a stop is requested.
        """
        wait = 0.01
        while child.is_ready is not None and not child.is_ready():
            self.check_stop()
            if not child.running:
                raise UpError(
                    f"{child.name} ended while starting ({child.ending}). The end of {child.log}:\n\n{tail(child.log)}"
                )
            self.pause(wait)
            wait = min(wait * 1.5, 0.25)
        child.ready = True
        return time.monotonic() - child.started_at

    def step(self, name: str, argv: Sequence[str], *, env: Mapping[str, str], log: Path) -> str:
        """Runs a command to its end and returns its stdout; its stderr goes to `log`. Raises UpError when it fails."""
        self.check_stop()
        rotate(log, LOG_LIMIT)
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            with tempfile.TemporaryFile() as output:
                process = subprocess.Popen(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=handle,
                    env=dict(env),
                    start_new_session=True,
                    umask=0o077,
                    preexec_fn=dies_with_parent(signal.SIGTERM),
                )
                try:
                    while process.poll() is None:
                        self.check_stop()
                        self.pause(0.1)
                except Stopped:
                    process.terminate()
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(timeout=5)
                    process.kill()
                    process.wait()
                    raise
                output.seek(0)
                text = output.read().decode(errors="replace")
        finally:
            os.close(handle)
        if process.returncode:
            raise UpError(f"{name} failed (exit code {process.returncode}). The end of {log}:\n\n{tail(log, 20)}")
        return text

    # Running

    def watch(self) -> None:
        """Restarts children that die, services before what needs them, and rotates logs, until a stop is requested."""
        logs_at = time.monotonic() + LOGS_EVERY
        while not self.stopping:
            for child in self.children:
                try:
                    self._check(child)
                except (UpError, OSError) as error:
                    self._report_once(f"{child.name}: {str(error).splitlines()[0]}")
            bury_strangers({child.pid for child in self.children})
            now = time.monotonic()
            if now >= logs_at:
                logs_at = now + LOGS_EVERY
                for child in self.children:
                    rotate(child.log, LOG_LIMIT)
            waiting = [child.retry_at - now for child in self.children if not child.running]
            self.pause(min([1.0, *waiting, *(0.1 for child in self.children if child.running and not child.ready)]))

    def _report_once(self, error: str) -> None:
        """Reports an error once, however often it occurs in a row."""
        if error != self._last_error:
            self._last_error = error
            self.report(error)

    def _check(self, child: Child) -> None:
        """Restarts a child if it is dead and due. It never waits: a service may die while another is starting."""
        if child.running:
            if not child.ready and (child.is_ready is None or child.is_ready()):
                child.ready = True
                seconds = time.monotonic() - child.started_at
                self.report(f"{child.name} is back (process {child.pid}) after {seconds:.1f} s.")
            if self.probes.hangs(child):
                silent = f"{self.probes.hang_seconds:.0f} s"
                self.report(f"{child.name} (process {child.pid}) has not answered for {silent}; killing it.")
                child.kill()
                self.probes.forget(child)
            return
        now = time.monotonic()
        if not child.retry_at:  # newly dead
            child.ready = False
            child.failures = 0 if now - child.started_at > HEALTHY_AFTER else child.failures + 1
            delay = min(FIRST_PAUSE * 2 ** max(0, child.failures - 1), LONGEST_PAUSE)
            child.retry_at = now + delay
            self.report(
                f"{child.name} (process {child.pid}) ended: {child.ending}. Starting it again in {delay:.1f} s."
            )
        if now >= child.retry_at and all(other.ready for other in self.children if other.name in child.needs):
            child.retry_at = 0.0
            self._start(child)

    # Ending

    def stop(self) -> None:
        """Ends everything within 30 s: each stage is signalled, gets its children's grace, then SIGKILL.

        Calling it again is harmless.
        """
        self.stopping = True
        for stage in sorted({child.stage for child in self.children}):
            group = [child for child in self.children if child.stage == stage]
            signalled_at = time.monotonic()
            for child in group:
                if child.before_stop:
                    child.before_stop()
                child.signal(child.stop_signal)
            while any(child.running for child in group):
                late = time.monotonic() - signalled_at
                for child in group:
                    if child.running and (late > child.grace or (self._urgent and child.stage == 0)):
                        self.report(f"{child.name} did not end in {late:.0f} s; killing it.")
                        child.kill()
                self.pause(0.05)
        self.registry.unlink(missing_ok=True)

    # What a killed `up` left

    def _register(self) -> None:
        entries = []
        for child in self.children:
            with contextlib.suppress(psutil.Error):
                if child.running:
                    entries.append([child.name, child.pid, psutil.Process(child.pid).create_time()])
        write_private(self.registry, json.dumps(entries))

    def end_leftovers(self, grace: float = 15.0) -> None:
        """Ends the children that a killed `up` left behind: SIGTERM, then SIGKILL after `grace` seconds."""
        left = []
        with contextlib.suppress(OSError, ValueError):
            for name, pid, created in json.loads(self.registry.read_text()):
                with contextlib.suppress(psutil.Error):
                    process = psutil.Process(pid)
                    # The same number may belong to another process by now; the time of its start differs then.
                    ours = abs(process.create_time() - created) < 0.01 and _lives(process)
                    if ours and name != "PostgreSQL":  # which postgres.py ends
                        left.append(process)
        if left:
            self.report(f"Ending what an earlier start left behind ({len(left)} processes).")
            end_processes(left, signal.SIGTERM, grace, self.pause)
        self.registry.unlink(missing_ok=True)


def end_processes(
    processes: Sequence[psutil.Process], number: signal.Signals, grace: float, pause: Callable[[float], None]
) -> None:
    """Sends `number` to processes that are not our children, waits up to `grace` seconds, then sends SIGKILL."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)
    deadline = time.monotonic() + grace
    while alive := [process for process in processes if _lives(process)]:
        if time.monotonic() > deadline:
            for process in alive:
                with contextlib.suppress(psutil.Error):
                    process.kill()
            deadline += 5
        pause(0.05)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def python(*arguments: str) -> list[str]:
    """Returns this interpreter's command line with `-P`: the current folder must not hide an installed module."""
    return [sys.executable, "-P", *arguments]
