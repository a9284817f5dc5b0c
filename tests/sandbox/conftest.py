"""A sandbox of these tests' own, served by uvicorn as `up` serves it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from google import genai

MODEL = "gemini-3.1-flash-image"


@dataclass
class Server:
    """One process on a port of its own; `kill` and `start` again keep folder and port."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    clients: list[httpx.Client] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "uvicorn", "cavendish.sandbox.app:application", "--port", str(self.port)]
        environment = {**os.environ, "SANDBOX_STATE_DIR": str(self.folder)}
        options = ["--no-access-log", "--timeout-graceful-shutdown", "1"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([*command, *options], env=environment, stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{self.url}/v1/models", params={"key": "probe"})
            except httpx.TransportError:
                time.sleep(0.02)
            else:
                return
        raise TimeoutError((self.folder / "log").read_text())

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(10)

    def client(self, key: str = "key-one") -> httpx.Client:
        client = httpx.Client(base_url=self.url, headers={"x-goog-api-key": key}, timeout=20)
        self.clients.append(client)
        return client


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("sandbox"), free_port())
    running.start()
    yield running
    for client in running.clients:
        client.close()
    running.kill(signal.SIGTERM)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """For tests that end the process."""
    running = Server(tmp_path, free_port())
    running.start()
    yield running
    for client in running.clients:
        client.close()
    running.kill()


@pytest.fixture(scope="session")
def api(server: Server) -> httpx.Client:
    return server.client()


Create = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def create(api: httpx.Client) -> Create:
    """Posts an interaction and returns it; every argument is a field of the body."""

    def post(input: Any, **fields: Any) -> dict[str, Any]:
        answer = api.post("/v1beta/interactions", json={"model": MODEL, "input": input, **fields})
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    return post


@pytest.fixture(scope="session")
def sdk(server: Server) -> Iterator[genai.Client]:
    client = genai.Client(api_key="sdk-key", http_options={"base_url": server.url})
    yield client
    client.close()
