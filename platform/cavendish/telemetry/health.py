"""`/healthz`: this process answers. `/readyz`: it can do its work, with what is away by name."""

from __future__ import annotations

import redis
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

from cavendish.messaging import valkey


def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """503 without PostgreSQL. Without Valkey jobs still run, later: that is said, not refused."""
    parts = {"postgresql": _postgresql(), "valkey": _valkey()}
    ready = parts["postgresql"] == "ok"
    return JsonResponse({"status": "ok" if ready else "unavailable", **parts}, status=200 if ready else 503)


def _postgresql() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "away"
    return "ok"


def _valkey() -> str:
    client = valkey.client()
    if client is None:
        return "not configured"
    try:
        client.ping()
    except redis.RedisError:
        return "away"
    return "ok"
