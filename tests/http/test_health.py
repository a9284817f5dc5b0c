"""Health checks over plain HTTP where everything else is sent to https."""

from __future__ import annotations

from typing import Any

import httpx
from django.test import Client

from cavendish.telemetry.health_server import health_serve


def test_health_checks_are_answered_without_tls(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    client = Client()

    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").status_code == 200
    assert client.get("/api/v1/docs").status_code == 301


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
