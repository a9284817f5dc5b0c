"""`/healthz`: whether this process responds. `/readyz`: whether it can do its work; names what it lacks."""

from __future__ import annotations

import redis
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

from cavendish.messaging import valkey


def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """Returns 503 without PostgreSQL. Without Valkey jobs still run, only later, so that is named and still 200."""
    services = {"postgresql": _postgresql(), "valkey": _valkey()}
    ready = services["postgresql"] == "ok"
    return JsonResponse({"status": "ok" if ready else "unavailable", **services}, status=200 if ready else 503)


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
