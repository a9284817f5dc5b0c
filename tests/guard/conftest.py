"""A tenant with keys, a hook that answers as a test wants, and an egress that may reach it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Tenant
from cavendish.db import ids
from cavendish.egress import Guard
from tests.factories import make_key, make_operator_key, make_tenant
from tests.generations.conftest import quiet

__all__ = ["quiet"]

LOOPBACK = Guard(["127.0.0.0/8"])
FLASH = "gemini-3.1-flash-image"


@dataclass
class Hook:
    """`answer` is what comes back: a status and a body. With `hangs` nothing does until the end of the test."""

    url: str = ""
    answer: tuple[int, bytes] = (200, b'{"decision": "allow"}')
    hangs: bool = False
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    on_request: Callable[[dict[str, Any]], None] = lambda body: None

    def refuse(self, reason: str = "") -> None:
        self.answer = (200, json.dumps({"decision": "refuse", "reason": reason}).encode())

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.bodies]


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    monkeypatch.setattr(Guard, "configured", classmethod(lambda cls: LOOPBACK))
    state, end = Hook(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.headers.append({name.lower(): value for name, value in self.headers.items()})
            state.bodies.append(body)
            state.on_request(json.loads(body))
            if state.hangs:
                end.wait(30)
                return
            status, content = state.answer
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Location", state.url)
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield state
    end.set()
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass(frozen=True)
class Owner:
    """A tenant with a key for everything."""

    tenant: Tenant
    secret: str
    key_id: str

    @property
    def path(self) -> str:
        return f"/api/v1/tenants/{ids.encode(ids.TENANT, self.tenant.id)}/guard-rules"

    def ask(self, method: str, path: str, body: Any = None, *, secret: str = "", **headers: Any) -> Any:
        """The response, with the body as JSON in `json()`."""
        client = APIClient(HTTP_AUTHORIZATION=f"Bearer {secret or self.secret}", HTTP_X_GOOG_API_KEY="")
        return client.generic(method, path, json.dumps(body) if body is not None else "", "application/json", **headers)

    def rule(self, **body: Any) -> dict[str, Any]:
        """A rule, made over the API."""
        response = self.ask("POST", "/api/v1/guard-rules", body)
        assert response.status_code == 201, response.content
        made: dict[str, Any] = response.json()
        return made

    def submit(self, prompt: str = "a cat", **body: Any) -> Any:
        return self.ask("POST", "/api/v1/generations", {"model": FLASH, "input": prompt, **body})


@pytest.fixture
def owner() -> Owner:
    tenant = make_tenant()
    row, secret = make_key(tenant)
    return Owner(tenant, secret, ids.encode(ids.API_KEY, row.id))


@pytest.fixture
def operator() -> str:
    return make_operator_key()
