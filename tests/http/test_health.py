"""Health checks over plain HTTP where everything else is sent to https."""

from __future__ import annotations

from typing import Any

from django.test import Client


def test_health_checks_are_answered_without_tls(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    client = Client()

    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").status_code == 200
    assert client.get("/api/v1/docs").status_code == 301
