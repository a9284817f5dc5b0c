"""Python processes are forked from one that has loaded everything: they share its memory, and are children of `up`."""

from __future__ import annotations

import ast
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from cavendish.up.children import Child
from cavendish.up.forked import ForkServer
from cavendish.up.services import Folders
from cavendish.up.supervisor import Supervisor, python
from tests.services import Running
from tests.up.test_up import child, healthy, killed_and_back, picture, until

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent.parent
PLATFORM = ROOT / "platform" / "cavendish"


def run_python(text: str) -> str:
    done = subprocess.run(python("-c", text), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found


def test_all_that_the_processes_import_is_loaded_once() -> None:
    """What is loaded after the fork is nobody else's memory."""
    text = "import json, sys\nfrom cavendish.up.fork_server import load\nload()\nprint(json.dumps(list(sys.modules)))"
    loaded = set(json.loads(run_python(text)))
    for path in (PLATFORM / "asgi.py", PLATFORM / "worker.py", PLATFORM / "up" / "serve.py"):
        assert imported(path) - loaded == set(), path.name


@pytest.fixture
def server(supervisor: Supervisor, folders: Folders) -> Iterator[ForkServer]:
    server = ForkServer(folders.log("fork-server"), {"DJANGO_SETTINGS_MODULE": "cavendish.settings"}, python())
    supervisor.launch(server.child)
    supervisor.wait_ready(server.child)
    yield server
    server.close()


def forked(server: ForkServer, folders: Folders, *arguments: str, **environment: str) -> Child:
    made = Child("one", python("-m", *arguments), folders.log("one"), environment, spawn=server.fork)
    made.start()
    return made


def test_a_forked_process_is_what_an_executed_one_would_be(server: ForkServer, folders: Folders) -> None:
    asks = forked(server, folders, "cavendish.up.healthcheck", HEALTH_PORT="1")
    process = psutil.Process(asks.pid)
    assert process.ppid() == psutil.Process().pid
    until(lambda: not asks.running)
    assert asks.ending == "exit code 1"
    assert "/livez at port 1 gives no answer" in asks.log.read_text()

    names = forked(server, folders, "tests.up.said", "first", "cavendish.worker", GREETING="hello")
    until(lambda: not names.running)
    said = json.loads(names.log.read_text().splitlines()[-1])
    assert said == {
        "arguments": ["first", "cavendish.worker"],
        "greeting": "hello",
        "home": None,
        "leads_its_session": True,
        "mask": 0o077,
        "title": " ".join(names.argv),
        "application": "cavendish worker",
    }
    assert names.ending == "exit code 7"


def test_a_forked_process_is_killed_and_signalled(server: ForkServer, folders: Folders) -> None:
    waits = forked(server, folders, "tests.up.said", "wait")
    assert waits.running
    waits.kill()
    assert not waits.running
    assert waits.ending == "SIGKILL"
    assert server.answers()


def test_a_fork_server_that_has_gone_says_so(server: ForkServer, folders: Folders) -> None:
    server.child.kill()
    assert not server.answers()
    with pytest.raises(OSError, match="gone"):
        forked(server, folders, "tests.up.said")


def test_one_that_hangs_is_not_waited_for_and_late_answers_are_nobodys(server: ForkServer, folders: Folders) -> None:
    psutil.Process(server.child.pid).suspend()
    began = time.monotonic()
    with pytest.raises(OSError):
        forked(server, folders, "tests.up.said")
    assert time.monotonic() - began < 10
    psutil.Process(server.child.pid).resume()
    # Its connection is closed: it ends, and the supervisor starts another one.
    until(lambda: not server.child.running)
    server.child.start()
    until(server.is_loaded)
    again = forked(server, folders, "tests.up.said")
    until(lambda: not again.running)
    assert again.ending == "exit code 7"


def test_who_is_left_behind_is_buried() -> None:
    """PostgreSQL's own processes are nobody's when it is killed: `up` adopts them and takes their status."""
    text = """
import os, subprocess, sys, time
import psutil
from cavendish.up.forked import _adopt_orphans, bury_strangers
_adopt_orphans()
ours = subprocess.Popen(["true"])
leaves = "import os, sys; sys.exit(0) if os.fork() else os._exit(0)"
subprocess.run([sys.executable, "-c", leaves], check=True)
def dead():
    return {child.pid for child in psutil.Process().children() if child.status() == psutil.STATUS_ZOMBIE}
while len(dead()) < 2:
    time.sleep(0.01)
while dead() - {ours.pid}:
    bury_strangers({ours.pid})
    ours.poll()
assert ours.poll() == 0
print("buried")
"""
    assert run_python(text) == "buried\n"


def test_the_others_live_on_when_it_dies(own_platform: Running) -> None:
    up = psutil.Process(own_platform.process.pid)
    others = {name: child(own_platform, name).pid for name in ("cavendish.asgi", "django scheduler")}
    said = own_platform.output.read_text()
    with contextlib.ExitStack() as stack:
        for name in ("cavendish.up.fork_server", "cavendish.worker"):
            process = child(own_platform, name)
            stack.callback(process.kill)
            process.suspend()
    for name in ("fork-server is back", "worker-"):
        until(lambda name=name: name in own_platform.output.read_text()[len(said) :], 60)  # type: ignore[misc]
    until(lambda: "is back" in own_platform.output.read_text()[len(said) :].rpartition("worker-")[2], 60)
    assert {name: child(own_platform, name).pid for name in others} == others
    assert {process.pid for process in up.children()} >= set(others.values())
    assert picture(own_platform).status_code == 200
    killed_and_back(own_platform, "scheduler", "django scheduler")
    until(lambda: healthy(own_platform))

    url = json.loads((own_platform.data_dir / "connection.json").read_text())["DATABASE_OWNER_URL"]
    named = {"cavendish web", "cavendish worker", "cavendish scheduler"}
    with psycopg.connect(url, autocommit=True) as connection:
        asked = "SELECT application_name FROM pg_stat_activity"
        until(lambda: named <= {row[0] for row in connection.execute(asked)})


if sys.platform != "linux":
    pytest.skip("only Linux hands orphans over", allow_module_level=True)
