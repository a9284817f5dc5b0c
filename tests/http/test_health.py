"""Health checks over plain HTTP where everything else is sent to https."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from django.test import Client

from cavendish.db import migrated
from cavendish.telemetry import health
from cavendish.telemetry.health_server import health_serve
from tests.outages import replaced_by_a_file
from tests.services import harness


@pytest.fixture(autouse=True, scope="module")
def sandbox() -> None:
    """It is the upstream here, so readiness asks it."""
    harness().start_sandbox()


def test_health_checks_are_answered_without_tls(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    client = Client()

    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").status_code == 200
    assert client.get("/api/v1/docs").status_code == 301


def test_probes_come_by_address_and_everything_else_by_name(settings: Any) -> None:
    settings.ALLOWED_HOSTS = [".images.example.com"]
    client = Client(headers={"host": "10.2.3.4:8000"})
    for path in ("/healthz", "/livez", "/readyz", "/metrics"):
        assert client.get(path).status_code == 200, path
        assert client.get(path, headers={"host": "evil.example"}).status_code == 400, path
    assert client.get("/login").status_code == 400


def parts(client: Client) -> tuple[int, dict[str, str]]:
    answer = client.get("/readyz")
    return answer.status_code, answer.json()


def test_readiness_names_each_part_and_a_spool_that_takes_nothing(tmp_path: Path, settings: Any) -> None:
    settings.SPOOL_DIR = tmp_path / "spool"
    client = Client()
    assert parts(client) == (
        200,
        {"status": "ok", "postgresql": "ok", "valkey": "ok", "storage": "ok", "spool": "ok", "sandbox": "ok"},
    )  # fmt: skip
    with replaced_by_a_file(settings.SPOOL_DIR):
        status, found = parts(client)
        assert (status, found["status"], found["spool"]) == (503, "unavailable", "Not a directory")
        assert client.get("/livez").status_code == 200
    assert parts(client)[0] == 200


def test_without_the_sandbox_that_stands_in_for_google_nothing_is_ready(settings: Any) -> None:
    settings.SANDBOX_URL = "http://127.0.0.1:9"
    client = Client()
    status, found = parts(client)
    assert (status, found["sandbox"], found["postgresql"]) == (503, "away", "ok")
    assert client.get("/livez").status_code == 200


def test_an_unmigrated_database_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    newer = migrated._of_this_version() | {("accounts", "9999_of_the_next_version")}
    monkeypatch.setattr(migrated, "_of_this_version", lambda: newer)
    monkeypatch.setattr(migrated, "_complete", set())
    status, found = parts(Client())
    assert (status, found["postgresql"]) == (503, "1 migrations missing: run manage.py migrate")


def test_a_probe_answers_in_time_whatever_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    hangs = Event()
    monkeypatch.setitem(health.CHECKS, "storage", lambda: str(hangs.wait(60)))
    began = time.monotonic()
    status, found = parts(Client())
    assert (status, found["storage"], found["postgresql"]) == (503, "does not answer", "ok")
    assert time.monotonic() - began < 5
    hangs.set()
    health._pending.pop("storage").result(5)


def test_a_process_without_http_answers_on_a_port_of_its_own() -> None:
    server = health_serve(0)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{server.server_port}") as http:
            assert http.get("/livez").json() == {"status": "ok"}
            assert http.get("/readyz").json()["postgresql"] == "ok"
            assert "cavendish_open_requests" in http.get("/metrics").text
            assert http.get("/else").status_code == 404
    finally:
        server.shutdown()
        server.server_close()
