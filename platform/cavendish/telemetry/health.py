"""`/healthz`, `/livez`: whether this process responds. `/readyz`: whether it can do its work; names what it lacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from pathlib import Path
from time import monotonic

import httpx
import redis
from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse

from cavendish.db.migrated import migrations_missing
from cavendish.messaging import valkey
from cavendish.storage import is_outage, objects
from cavendish.storage.spool import folder_fault
from cavendish.telemetry.leaving import is_leaving

PROBE_SECONDS = 4.0
"""Within which all is answered, whatever hangs: load balancers mostly give five."""
KEEP_SECONDS = 15.0
SANDBOX_SECONDS = 2.0
OK = "ok"
AWAY = "away"

Check = Callable[[], str]

_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="readiness")
_pending: dict[str, Future[str]] = {}


def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": OK})


def readyz(request: HttpRequest) -> JsonResponse:
    """Returns 503 where a request or a job would fail, or when this process is about to end, and names each part.

    Without Valkey jobs still run, only later, so that is named and still 200.
    """
    parts = parts_states()
    ready = all(state == OK for part, state in parts.items() if part != "valkey")
    status = "stopping" if is_leaving() else OK if ready else "unavailable"
    return JsonResponse({"status": status, **parts}, status=200 if status == OK else 503)


def parts_states() -> dict[str, str]:
    """Returns what each part that this process relies on says: "ok", "away", or what is wrong with it."""
    return _asked(CHECKS)


def _asked(checks: Mapping[str, Check]) -> dict[str, str]:
    """Returns what each check says, those that hang as such. One that hangs still is not asked a second time."""
    deadline = monotonic() + PROBE_SECONDS
    for name, check in checks.items():
        if name not in _pending or _pending[name].done():
            _pending[name] = _threads.submit(_closing, check)
    states = {}
    for name in checks:
        try:
            states[name] = _pending[name].result(max(deadline - monotonic(), 0))
        except NotInTime:
            states[name] = "does not answer"
    return states


def _closing(check: Check) -> str:
    try:
        return check()
    finally:
        connection.close()  # back into the pool: the next check may run in another thread


def _postgresql() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        missing = migrations_missing("default")
    except Error:
        return AWAY
    return f"{missing} migrations missing: run manage.py migrate" if missing else OK


def _valkey() -> str:
    client = valkey.client()
    if client is None:
        return "not configured"
    try:
        client.ping()
    except redis.RedisError:
        return AWAY
    return OK


def _storage() -> str:
    try:
        return objects().fault() or OK
    except Exception as error:
        if not is_outage(error):
            raise
        return AWAY


def _spool() -> str:
    return folder_fault(Path(settings.SPOOL_DIR)) or OK


def _sandbox() -> str:
    """It answers whatever it is asked, so any answer will do; one that hangs gives none."""
    try:
        httpx.get(settings.SANDBOX_URL, timeout=SANDBOX_SECONDS)
    except httpx.HTTPError:
        return AWAY
    return OK


def _kept(check: Check) -> Check:
    """Returns the check with answers that hold for KEEP_SECONDS: a bucket is asked over the network."""
    last = ("", float("-inf"))

    def asked() -> str:
        nonlocal last
        if monotonic() - last[1] > KEEP_SECONDS:
            last = (check(), monotonic())
        return last[0]

    return asked


CHECKS: dict[str, Check] = {"postgresql": _postgresql, "valkey": _valkey, "storage": _kept(_storage), "spool": _spool}
if settings.SANDBOX_URL and settings.GEMINI_BASE_URL == settings.SANDBOX_URL:
    # It stands in for Google: without it no job succeeds. Where it serves test keys alone, live jobs go on.
    CHECKS["sandbox"] = _sandbox
