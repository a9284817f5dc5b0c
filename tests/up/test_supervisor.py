from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import psutil
import pytest

from cavendish.up.children import Child
from cavendish.up.errors import UpError
from cavendish.up.services import Folders
from cavendish.up.supervisor import Supervisor
from tests.up.conftest import Quiet

SLEEP = ["/bin/sleep", "60"]


def child(folders: Folders, name: str, argv: list[str] | None = None, **options: object) -> Child:
    return Child(name, argv or SLEEP, folders.log(name), {"PATH": os.environ["PATH"]}, **options)  # type: ignore[arg-type]


def until(condition: object, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def watched(supervisor: Supervisor) -> threading.Thread:
    # Children die with the thread that started them, so this thread outlives the test's children.
    def run() -> None:
        supervisor.watch()
        supervisor.stop()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_a_dead_child_is_restarted_and_said(folders: Folders, supervisor: Supervisor, lines: Quiet) -> None:
    sleeper = child(folders, "sleeper")
    supervisor.launch(sleeper)
    supervisor.wait_ready(sleeper)
    first = sleeper.pid
    thread = watched(supervisor)
    os.kill(first, signal.SIGKILL)
    until(lambda: "is back" in lines.text)
    second = sleeper.pid
    assert not gone(second)
    assert lines[0] == f"sleeper (process {first}) ended: SIGKILL. Starting it again in 0.2 s."
    assert lines[1].startswith(f"sleeper is back (process {second}) after 0.")
    assert len(lines) == 2
    supervisor.stopping = True
    thread.join(timeout=10)
    assert gone(second)


def test_what_needs_a_service_waits_for_it(folders: Folders, supervisor: Supervisor, lines: Quiet) -> None:
    up = threading.Event()
    up.set()
    service = child(folders, "service", is_ready=up.is_set)
    user = child(folders, "user", needs=("service",))
    for one in (service, user):
        supervisor.launch(one)
        supervisor.wait_ready(one)
    up.clear()
    thread = watched(supervisor)
    os.kill(user.pid, signal.SIGKILL)
    os.kill(service.pid, signal.SIGKILL)
    until(lambda: service.failures == 1 and service.running)
    time.sleep(0.5)
    assert not user.running, "the service has a process but does not answer yet"
    up.set()
    until(lambda: "user is back" in lines.text)
    back = [line.split(" ")[0] for line in lines if "is back" in line]
    assert back == ["service", "user"]
    supervisor.stopping = True
    thread.join(timeout=10)


def test_a_service_that_starts_forever_holds_up_nobody(folders: Folders, supervisor: Supervisor, lines: Quiet) -> None:
    up = threading.Event()
    up.set()
    slow = child(folders, "slow", is_ready=up.is_set)
    other = child(folders, "other")
    for one in (slow, other):
        supervisor.launch(one)
        supervisor.wait_ready(one)
    up.clear()
    thread = watched(supervisor)
    os.kill(slow.pid, signal.SIGKILL)
    until(lambda: slow.failures == 1 and slow.running)
    os.kill(other.pid, signal.SIGKILL)
    until(lambda: "other is back" in lines.text)
    assert "slow is back" not in lines.text
    supervisor.stopping = True
    thread.join(timeout=10)


def test_a_child_that_keeps_dying_is_tried_less_and_less_often(
    folders: Folders, supervisor: Supervisor, lines: Quiet
) -> None:
    supervisor.launch(child(folders, "faulty", ["/bin/sh", "-c", "exit 3"]))
    thread = watched(supervisor)
    until(lambda: "in 0.8 s" in lines.text)
    supervisor.stopping = True
    thread.join(timeout=10)
    assert [line.rpartition("again in ")[2] for line in lines if "ended" in line] == ["0.2 s.", "0.4 s.", "0.8 s."]
    assert "exit code 3" in lines[0]


def test_a_child_that_dies_while_starting_is_an_error_with_its_log(folders: Folders, supervisor: Supervisor) -> None:
    broken = child(folders, "broken", ["/bin/sh", "-c", "echo the reason >&2; exit 1"], is_ready=lambda: False)
    supervisor.launch(broken)
    with pytest.raises(UpError, match=r"broken ended while starting \(exit code 1\)[^$]*the reason"):
        supervisor.wait_ready(broken)


def test_the_end_is_in_stages_and_a_stubborn_child_is_killed(
    folders: Folders, supervisor: Supervisor, lines: Quiet
) -> None:
    stubborn = child(folders, "stubborn", ["/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"], grace=0.5)
    service = child(folders, "service", stage=2)
    for one in (stubborn, service):
        supervisor.launch(one)
    time.sleep(0.2)
    seen = []
    stubborn.before_stop = lambda: seen.append(service.running)
    service.before_stop = lambda: seen.append(stubborn.running)
    supervisor.stop()
    assert seen == [True, False]
    assert (stubborn.ending, service.ending) == ("SIGKILL", "SIGTERM")
    assert lines == ["stubborn did not end in 1 s; killing it."]


def test_children_die_with_a_killed_up_and_the_next_start_ends_the_rest(
    folders: Folders, supervisor: Supervisor, lines: Quiet, tmp_path: Path
) -> None:
    code = f"""
        import time
        from pathlib import Path
        from cavendish.up.children import Child
        from cavendish.up.supervisor import Supervisor
        supervisor = Supervisor(Path({str(supervisor.registry)!r}))
        stubborn = ["/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"]
        for name, argv in (("plain", {SLEEP!r}), ("stubborn", stubborn)):
            child = Child(name, argv, Path({str(tmp_path)!r}) / name, {{"PATH": "/bin:/usr/bin"}})
            supervisor.launch(child)
            print(child.pid, flush=True)
        time.sleep(60)
    """
    killed = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True)
    assert killed.stdout is not None
    plain, stubborn = int(killed.stdout.readline()), int(killed.stdout.readline())
    time.sleep(0.2)
    killed.kill()
    killed.wait()
    killed.stdout.close()
    until(lambda: gone(plain))
    assert not gone(stubborn)
    supervisor.end_leftovers(grace=0.3)
    assert gone(stubborn)
    assert lines == ["Ending what an earlier start left behind (1 processes)."]


def test_a_reused_process_id_is_left_alone(folders: Folders, supervisor: Supervisor) -> None:
    stranger = subprocess.Popen(SLEEP)
    try:
        supervisor.registry.write_text(f'[["web", {stranger.pid}, 1.0]]')
        supervisor.end_leftovers(grace=0.1)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
