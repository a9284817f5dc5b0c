"""`manage.py up` as a person meets it: start, second start, kills, end."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
from django.conf import settings

from cavendish.up.ports import LOCAL, bound_socket
from cavendish.up.postgres import Postgres
from cavendish.up.roles import Address
from cavendish.up.supervisor import Supervisor
from tests.services import ROOT, Running
from tests.telemetry.exposition import value
from tests.up.conftest import start

pytestmark = pytest.mark.slow


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def child(running: Running, words: str) -> psutil.Process:
    """The direct child of `up` whose command line holds `words`."""
    for process in psutil.Process(running.process.pid).children():
        if words in " ".join(process.cmdline()):
            return process
    raise AssertionError(f"no child with {words}")


def killed_and_back(running: Running, name: str, words: str) -> None:
    """Kills the child whose command line holds `words`, and returns once `up` says that it is back."""
    before = running.output.read_text().count(f"{name} is back")
    child(running, words).kill()
    until(lambda: running.output.read_text().count(f"{name} is back") > before)


def family(running: Running) -> list[psutil.Process]:
    return psutil.Process(running.process.pid).children(recursive=True)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def healthy(running: Running) -> bool:
    try:
        return httpx.get(f"{running.url}/healthz", timeout=10).status_code == 200
    except httpx.HTTPError:
        return False


def picture(running: Running, prompt: str = "A banana", prefer: str = "wait=60") -> httpx.Response:
    return httpx.post(
        f"{running.url}/api/v1/generations",
        headers={**authorization(running), "Prefer": prefer},
        json={"model": "gemini-3.1-flash-image", "input": prompt},
        timeout=90,
    )


def authorization(running: Running) -> dict[str, str]:
    return {"Authorization": f"Bearer {running.ready['tenants'][0]['api_key']}"}


def status(running: Running, generation: str) -> str:
    answer = httpx.get(f"{running.url}/api/v1/generations/{generation}", headers=authorization(running), timeout=30)
    return str(answer.json()["status"])


def test_a_first_start_makes_everything_and_says_where_it_is() -> None:
    """On an empty data directory: cluster, roles, migrations, demo tenants."""
    first = Running(empty=True)
    try:
        assert_complete(first)
        assert picture(first).json()["error"] is None
    finally:
        first.remove()


def test_ready_json_says_where_everything_is(platform: Running) -> None:
    assert_complete(platform)


def assert_complete(platform: Running) -> None:
    ready = platform.ready
    assert ready.keys() >= {
        "base_url",
        "admin_url",
        "console_url",
        "operator",
        "tenants",
        "sandbox_url",
        "metrics_urls",
    }
    assert ready["operator"].keys() >= {"email", "password"}
    assert len({tenant["slug"] for tenant in ready["tenants"]}) == 2
    for tenant in ready["tenants"]:
        assert tenant.keys() >= {"slug", "api_key", "test_api_key", "email", "password"}
        assert re.match(r"cvd_live_\w+", tenant["api_key"])
        assert re.match(r"cvd_test_\w+", tenant["test_api_key"])
    assert httpx.get(ready["console_url"], follow_redirects=True).status_code == 200
    assert httpx.get(ready["admin_url"], follow_redirects=True).status_code == 200
    for name in ("ready.json", "connection.json", "services.json", "demo.json"):
        assert stat.S_IMODE((platform.data_dir / name).stat().st_mode) == 0o600


@pytest.mark.skipif(not shutil.which("curl"), reason="the printed command is a curl")
def test_the_printed_curl_makes_a_picture(platform: Running) -> None:
    output = platform.output.read_text()
    command = output[output.rindex("  curl ") :].partition("\n\n")[0]
    answer = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True).stdout
    assert '"status":"succeeded"' in answer.replace(" ", "")


def test_manage_py_talks_to_the_running_platform(platform: Running) -> None:
    code = (
        "from django.db import connections\n"
        "for alias in ('default', 'system', 'operator', 'owner'):\n"
        "    with connections[alias].cursor() as cursor:\n"
        "        cursor.execute('SELECT current_user'); print(cursor.fetchone()[0])\n"
    )
    output = platform.manage("shell", "--no-imports", "-c", code).split()
    assert output == ["cavendish_app", "cavendish_system", "cavendish_operator", "cavendish_owner"]


def test_no_command_line_shows_a_secret(platform: Running) -> None:
    connection = (platform.data_dir / "connection.json").read_text() + (platform.data_dir / "services.json").read_text()
    secrets = set(re.findall(r":([\w-]{32})[@\"]", connection)) | set(re.findall(r'"([\w-]{32,})"', connection))
    assert len(secrets) >= 6
    for process in family(platform):
        line = " ".join(process.cmdline())
        assert not [secret for secret in secrets if secret in line]


def test_a_second_up_says_where_the_first_one_is(platform: Running) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), "up"]
    second = subprocess.run(command, env=platform.environment, capture_output=True, text=True, check=False, timeout=20)
    assert second.returncode == 1
    assert f"already running on {platform.data_dir}: process {platform.process.pid}, {platform.url}." in second.stdout
    assert healthy(platform)
    assert (platform.data_dir / "ready.json").exists()


def test_a_taken_port_is_said_before_anything_starts(platform: Running, own_data_dir: str) -> None:
    with bound_socket(LOCAL, 0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        env = {**platform.environment, "PORT": str(port), "CAVENDISH_DATA_DIR": own_data_dir}
        command = [sys.executable, str(ROOT / "manage.py"), "up"]
        result = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=20)
    assert result.returncode == 1
    assert f"Port {port} is in use by another program." in result.stdout
    assert not (Path(own_data_dir) / "postgres").exists()


@pytest.fixture
def own_data_dir() -> Iterator[str]:
    place = f"/tmp/cavendish-taken-{os.getpid()}"
    yield place
    shutil.rmtree(place, ignore_errors=True)


def test_whatever_dies_comes_back(own_platform: Running) -> None:
    worker = child(own_platform, "cavendish.worker")
    worker.kill()
    until(lambda: re.search(r"worker-\d is back", own_platform.output.read_text()) is not None)
    # twice, for what a child inherits has to be there for the second one too
    for name, part in (("scheduler", "django scheduler"), *2 * [("sandbox", "cavendish.sandbox")]):
        killed_and_back(own_platform, name, part)
    assert picture(own_platform).status_code == 200

    # The port is never closed: while the web process starts anew, clients wait.
    refused: list[Exception] = []
    stop = threading.Event()

    def knock() -> None:
        while not stop.is_set():
            try:
                httpx.get(f"{own_platform.url}/healthz", timeout=30)
            except httpx.ConnectError as error:
                refused.append(error)
            except httpx.HTTPError:
                pass  # a connection that the killed process held
            time.sleep(0.02)

    visitor = threading.Thread(target=knock)
    visitor.start()
    try:
        child(own_platform, "cavendish.asgi").kill()
        until(lambda: "web is back" in own_platform.output.read_text())
    finally:
        stop.set()
        visitor.join()
    assert refused == []

    child(own_platform, "valkey-server").kill()
    until(lambda: "Valkey is back" in own_platform.output.read_text())
    postgres = child(own_platform, "postgres -D")
    postgres.kill()
    until(lambda: "PostgreSQL is back" in own_platform.output.read_text(), 60)
    until(lambda: healthy(own_platform))
    answer = picture(own_platform)
    assert (answer.status_code, answer.json()["error"]) == (200, None)


def test_whatever_hangs_is_replaced() -> None:
    """A frozen process has not ended: only its silence tells."""
    running = Running({"WORKERS": "1", "HANG_SECONDS": "8"})
    try:
        frozen = (
            "cavendish.asgi", "cavendish.worker", "django scheduler", "cavendish.sandbox", "cavendish.up.fork_server",
        )  # fmt: skip
        for words in frozen:
            child(running, words).suspend()
        for name in ("web", "worker-1", "scheduler", "sandbox", "fork-server"):
            until(lambda name=name: f"{name} is back" in running.output.read_text(), 60)  # type: ignore[misc]
        assert running.output.read_text().count("has not answered for 8 s") == len(frozen)
        until(lambda: healthy(running))
        assert picture(running).status_code == 200
        # Those that are well are left alone.
        time.sleep(10)
        assert running.output.read_text().count("has not answered") == len(frozen)
    finally:
        running.remove()


def test_several_web_processes_share_a_port() -> None:
    running = Running({"WEB_PROCESSES": "3", "WORKERS": "1", "HANG_SECONDS": "8"})
    try:
        own = running.ready["metrics_urls"][:3]

        def served() -> float:
            route = {"route": "api/v1/models", "status": "200"}
            return sum(value(httpx.get(url).text, "cavendish_requests_total", **route) for url in own)

        # Each counts for itself, so together they have counted each request once; and the shared port says so.
        before = served()
        key = running.ready["tenants"][0]["api_key"]
        for _ in range(40):
            answer = httpx.get(f"{running.url}/api/v1/models", headers={"Authorization": f"Bearer {key}"})
            assert answer.status_code == 200
        assert served() - before == 40
        shared = httpx.get(f"{running.url}/metrics")
        assert (shared.status_code, shared.json()["code"]) == (421, "shared_port")
        for url in own:
            assert httpx.get(url.replace("/metrics", "/readyz")).status_code == 200

        # One that ends and one that hangs are replaced; whoever comes meanwhile is served by the others.
        webs = [process for process in family(running) if "cavendish.asgi" in " ".join(process.cmdline())]
        assert len(webs) == 3
        webs[0].kill()
        until(lambda: running.output.read_text().count("is back") == 1)
        webs[1].suspend()
        answers = [picture(running) for _ in range(6)]
        assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [(200, None)] * 6
        until(lambda: running.output.read_text().count("is back") == 2, 60)
        assert len(set(re.findall(r"web-[123] is back", running.output.read_text()))) == 2

        processes = family(running)
        assert running.stop() < 30
        assert alive(processes) == []
        first = running.ready["metrics_urls"]
        running.env["PORT"] = running.url.rpartition(":")[2]
        running.start()
        assert running.ready["metrics_urls"] == first
    finally:
        running.remove()


def test_the_end_leaves_nothing_and_the_next_start_finds_everything(own_platform: Running) -> None:
    first = own_platform.ready
    connection = (own_platform.data_dir / "connection.json").read_text()
    processes = family(own_platform)
    assert own_platform.stop() < 30
    assert own_platform.process.returncode == 0
    assert alive(processes) == []
    assert not (own_platform.data_dir / "ready.json").exists()

    own_platform.env["PORT"] = first["base_url"].rpartition(":")[2]
    own_platform.start()
    changing = {"pid"}
    assert {k: v for k, v in own_platform.ready.items() if k not in changing} == {
        k: v for k, v in first.items() if k not in changing
    }
    assert (own_platform.data_dir / "connection.json").read_text() == connection


def test_the_end_comes_within_thirty_seconds_and_loses_no_running_job(own_platform: Running) -> None:
    slow = "A slow banana [[latency:20]]"
    accepted = picture(own_platform, slow, "respond-async").json()["id"]

    def wait_in_vain() -> None:
        with contextlib.suppress(httpx.HTTPError):
            picture(own_platform, slow)

    waiting = threading.Thread(target=wait_in_vain)
    waiting.start()
    until(lambda: status(own_platform, accepted) == "running")
    assert own_platform.stop() < 30
    waiting.join()
    own_platform.start()
    until(lambda: status(own_platform, accepted) == "succeeded", 120)


def test_only_what_is_not_given_is_embedded(supervisor: Supervisor, postgres: Postgres) -> None:
    start(supervisor, postgres)
    with psycopg.connect(postgres.conninfo(), autocommit=True) as connection:
        connection.execute("CREATE ROLE boss LOGIN CREATEROLE PASSWORD 'given-password'")
        connection.execute("CREATE DATABASE images OWNER boss")
    given = {
        "WORKERS": "1",
        "DATABASE_OWNER_URL": Address.local(postgres.port, "images").url("boss", "given-password"),
        "BROKER_URL": settings.BROKER_URL.removesuffix("/0") + "/7",
    }
    running = Running(given)
    try:
        assert not (running.data_dir / "postgres").exists()
        assert not (running.data_dir / "valkey").exists()
        connection_json = json.loads((running.data_dir / "connection.json").read_text())
        assert connection_json["BROKER_URL"] == connection_json["VALKEY_URL"] == given["BROKER_URL"]
        assert connection_json["DATABASE_URL"].endswith(f":{postgres.port}/images")
        assert picture(running).json()["error"] is None
        assert running.stop() < 30
    finally:
        running.remove()


def test_a_killed_up_takes_its_children_along_and_the_next_one_starts(own_platform: Running) -> None:
    processes = family(own_platform)
    own_platform.process.send_signal(signal.SIGKILL)
    own_platform.process.wait()
    assert (own_platform.data_dir / "ready.json").exists(), own_platform.output.read_text()[-2000:]
    tenants = own_platform.ready["tenants"]
    own_platform.start()
    assert alive(processes) == []
    assert own_platform.ready["tenants"] == tenants
    assert healthy(own_platform)


def test_a_kill_of_everything_at_once_blocks_no_start(own_platform: Running) -> None:
    processes = [psutil.Process(own_platform.process.pid), *family(own_platform)]
    for process in processes:
        process.suspend()
    for process in processes:
        process.kill()
    own_platform.process.wait()
    until(lambda: alive(processes) == [])
    tenants = own_platform.ready["tenants"]
    own_platform.start()
    assert own_platform.ready["tenants"] == tenants
    assert healthy(own_platform)
