"""A new version under load: every web process and worker is replaced behind the shipped nginx, and nobody notices."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from cavendish.up.ports import LOCAL, free_port
from tests.crash.sites import Site, until
from tests.deploy.nginx import NGINX, nginx
from tests.services import ROOT, Running

# A load of its own on both cores for more than a minute: ROLLING=1 make test T=tests/deploy/test_rolling_restart.py
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not os.environ.get("ROLLING"), reason="Set ROLLING=1 to restart every process under load."),
]
LITE = "gemini-3.1-flash-lite-image"
REQUESTS, CLIENTS, PICTURES = 1000, 5, 6
PACE = 0.1
"""Seconds between two requests of a client: the processes that start need the processor as well."""
# Longer than nginx keeps an idle connection (8 s in the example), so that none is used while it is closed.
UNREADY_SECONDS = 9


class Process:
    """A web process or a worker as a unit starts it; `url` is where it says how it is."""

    def __init__(self, running: Running, *arguments: str, port: int, **settings: str) -> None:
        self.command = [sys.executable, "-P", "-m", *arguments]
        self.url = f"http://{LOCAL}:{port}"
        self.environment = {**running.environment, **settings, "UNREADY_SECONDS": str(UNREADY_SECONDS)}
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, env=self.environment, cwd=ROOT, stderr=subprocess.DEVNULL)

    def status(self, path: str = "/readyz") -> int:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(self.url + path, timeout=5).status_code
        return 0

    def replace(self) -> None:
        """SIGTERM, its end, another one, until that is ready: what a process manager does."""
        self.process.send_signal(signal.SIGTERM)
        until(lambda: self.status() == 503 or self.process.poll() is not None, 5, "an unready process")
        assert self.process.poll() is None, "it says that it stops before it does"
        assert self.status("/livez") == 200
        self.process.wait(120)
        self.start()
        until(lambda: self.status() == 200, 120, "a ready process")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        self.process.kill()


@dataclass
class Load:
    """Clients that go on until they are told to stop and have sent enough; `wrong` is what was no success."""

    url: str
    key: str
    answered: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def run(self, number: int) -> None:
        with httpx.Client(base_url=self.url, verify=False, timeout=60) as client:
            turn = number
            while not self.is_over.is_set() or self.answered.total() < REQUESTS:
                turn += 1
                kind = ("read", "read", "job", "read", "read", "wait", "read", "events", "read", "stream")[turn % 10]
                try:
                    said = getattr(self, kind)(client)
                except httpx.HTTPError as error:
                    said = repr(error)
                self.answered[kind] += 1
                time.sleep(PACE)
                if said:
                    self.wrong.append(f"{kind}: {said}")

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def read(self, client: httpx.Client) -> str:
        answer = client.get("/api/v1/models", headers=self.headers)
        return "" if answer.status_code == 200 else f"{answer.status_code} {answer.text[:100]}"

    def post(self, client: httpx.Client, **headers: str) -> httpx.Response:
        body = {"model": LITE, "input": "a cat"}
        return client.post("/api/v1/generations", json=body, headers={**self.headers, **headers})

    def job(self, client: httpx.Client) -> str:
        answer = self.post(client)
        return "" if answer.status_code == 202 else f"{answer.status_code} {answer.text[:100]}"

    def wait(self, client: httpx.Client) -> str:
        answer = self.post(client, Prefer="wait=45")
        said = (answer.status_code, answer.json().get("status"))
        return "" if said == (200, "succeeded") else f"{said}"

    def events(self, client: httpx.Client) -> str:
        answer = self.post(client)
        if answer.status_code != 202:
            return f"{answer.status_code} {answer.text[:100]}"
        events = client.get(f"/api/v1/generations/{answer.json()['id']}/events", headers=self.headers)
        return "" if "event: generation.succeeded" in events.text else f"{events.status_code} {events.text[-200:]}"

    def stream(self, client: httpx.Client) -> str:
        body: dict[str, Any] = {"model": LITE, "input": "a cat", "stream": True}
        answer = client.post("/v1beta/interactions", json=body, headers={"x-goog-api-key": self.key})
        return "" if "interaction.completed" in answer.text else f"{answer.status_code} {answer.text[-200:]}"


@pytest.fixture
def running() -> Iterator[Running]:
    """A platform without workers, whose upstream has a key of its own and takes no background mode, as Google's."""
    if not NGINX:
        pytest.skip("There is no nginx on this machine: a rolling restart behind it was not tried.")
    port = free_port(0)
    sandbox = subprocess.Popen(
        [sys.executable, "-m", "cavendish.sandbox", "--port", str(port)],
        env={**os.environ, "SANDBOX_STATE_DIR": f"/tmp/cavendish-sandbox-{secrets.token_hex(4)}"},
    )
    upstream = {"GEMINI_API_KEYS": f"AIza{secrets.token_hex(16)}", "GEMINI_BASE_URL": f"http://{LOCAL}:{port}"}
    running = Running({"WORKERS": "0", **upstream})
    yield running
    running.remove()
    sandbox.terminate()
    sandbox.wait(10)


def test_nobody_notices_that_every_process_is_replaced(running: Running, tmp_path: Path) -> None:
    site = Site(running)
    ports = free_port(0), free_port(0)
    serve = ("cavendish.up.serve", "cavendish.asgi:application", "--behind-proxy", "--port")
    webs = [Process(running, *serve, str(port), port=port) for port in ports]
    workers = []
    for number in range(2):
        port = free_port(0)
        named = {"HEALTH_PORT": str(port), "CAVENDISH_WORKER_NAME": f"rolling-{number}"}
        workers.append(Process(running, "cavendish.worker", port=port, **named))
    everything = [*workers, *webs]
    load = Load("", running.ready["tenants"][1]["test_api_key"])
    clients = [threading.Thread(target=load.run, args=(number,)) for number in range(CLIENTS)]
    try:
        until(lambda: all(process.status() == 200 for process in everything), 150, "ready processes")
        with nginx(tmp_path, ports) as load.url:
            for client in clients:
                client.start()
            # A picture of Google's models is bought again when its call is cut off.
            pictures = [site.post("[[latency:8]]") for _ in range(PICTURES)]
            until(lambda: all(site.generation(id)["status"] == "running" for id in pictures), 20, "their start")
            for process in everything:
                process.replace()
            load.is_over.set()
            for client in clients:
                client.join(120)
        assert load.wrong == []
        assert load.answered.total() >= REQUESTS, load.answered
        site.ended(pictures)
        assert {site.generation(id)["attempts"] for id in pictures} == {1}
        site.holds(attempts={id: {1} for id in pictures})
    finally:
        load.is_over.set()
        for process in everything:
            process.stop()
