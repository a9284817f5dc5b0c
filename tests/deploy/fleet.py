"""Web processes, workers and schedulers as units start them, and clients that notice when one of them is missing."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from cavendish.up.ports import LOCAL, free_port
from tests.crash.sites import until
from tests.services import ROOT

LITE = "gemini-3.1-flash-lite-image"
WEB = ("cavendish.up.serve", "cavendish.asgi:application", "--behind-proxy", "--port")
WORKER = ("cavendish.worker",)
SCHEDULER = ("django", "scheduler")


class Process:
    """A process as a unit starts it; `url` is where it says how it is. Its log is a file of its own in `logs`."""

    def __init__(self, arguments: tuple[str, ...], environment: Mapping[str, str], logs: Path, **settings: str) -> None:
        port = free_port(0)
        self.port, self.url = port, f"http://{LOCAL}:{port}"
        # Web says it where it serves.
        self.serves = arguments == WEB
        asked = ([str(port)], {}) if self.serves else ([], {"HEALTH_PORT": str(port)})
        self.command = [sys.executable, "-P", "-m", *arguments, *asked[0]]
        self.environment = {**environment, **asked[1], **settings}
        self.log = logs / f"{arguments[0]}-{port}.log"
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, env=self.environment, cwd=ROOT, stdout=log, stderr=log)

    def status(self, path: str = "/readyz") -> int:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(self.url + path, timeout=5).status_code
        return 0

    def end(self) -> None:
        """SIGTERM and its end, which web says before; who has nothing to do may be gone before it is asked."""
        self.process.send_signal(signal.SIGTERM)
        until(lambda: self.status() == 503 or self.process.poll() is not None, 10, "an unready process")
        if self.serves:
            assert self.process.poll() is None, "it says that it stops before it does"
            assert self.status("/livez") == 200
        assert self.process.wait(120) in {0, -signal.SIGTERM}, self.log.read_text()[-2000:]

    def replace(self, **settings: str) -> None:
        """Its end, another one, until that is ready: what a process manager does."""
        self.end()
        self.environment |= settings
        self.start()
        self.until_ready()

    def until_ready(self) -> None:
        try:
            until(lambda: self.status() == 200 or self.process.poll() is not None, 120, "a ready process")
            assert self.process.poll() is None, "it ended"
        except AssertionError:
            said = httpx.get(self.url + "/readyz", timeout=5).text if self.process.poll() is None else ""
            raise AssertionError(f"{self.command}: {said}\n{self.log.read_text()[-4000:]}") from None

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        self.process.kill()
        self.process.wait()


@dataclass
class Load:
    """Clients that go on until they are told to stop and have sent enough; `wrong` is what was no success."""

    url: str
    key: str
    enough: int = 0
    pace: float = 0.1
    """Seconds between two requests of a client: the processes that start need the processor as well."""
    answered: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def start(self, clients: int) -> None:
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(clients)]
        for thread in self.threads:
            thread.start()

    def end(self) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join(120)

    def run(self, number: int) -> None:
        with httpx.Client(base_url=self.url, verify=False, timeout=60) as client:
            turn = number
            while not self.is_over.is_set() or self.answered.total() < self.enough:
                turn += 1
                kind = ("read", "read", "job", "read", "read", "wait", "read", "events", "read", "stream")[turn % 10]
                try:
                    said = getattr(self, kind)(client)
                except httpx.HTTPError as error:
                    said = repr(error)
                self.answered[kind] += 1
                if said:
                    self.wrong.append(f"{kind}: {said}")
                time.sleep(self.pace)

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
