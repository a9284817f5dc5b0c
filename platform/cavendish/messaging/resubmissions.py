"""Requests whose connection closed before their response, for a minute: the next equal request gets their jobs.

The SDKs send a POST again when its connection broke, without a key that says so (docs/wire.md). Entries are in
Valkey, for all web processes; those that it did not accept stay in the process that saw the connection close.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from threading import Lock

import redis

from cavendish.messaging import valkey

logger = logging.getLogger(__name__)

SECONDS = 60
_MAX_LOCAL = 10_000

_local: dict[str, deque[tuple[float, str]]] = {}
_lock = Lock()


def note(request: str, jobs: str) -> None:
    """Remembers the jobs of a request that got no response.

    `request` identifies key and bytes of the request, `jobs` what it created; both are opaque here.
    """
    entry = f"{time.time()};{jobs}"
    client = valkey.client()
    if client is not None:
        try:
            with client.pipeline(transaction=True) as pipeline:
                pipeline.rpush(_name(request), entry)
                pipeline.expire(_name(request), SECONDS)
                pipeline.execute()
        except redis.RedisError as error:
            logger.warning("Valkey did not accept a request without a response: %s", type(error).__name__)
        else:
            return
    with _lock:
        if len(_local) >= _MAX_LOCAL:
            _local.clear()
        _local.setdefault(request, deque()).append((time.time(), jobs))


def take(request: str) -> str | None:
    """Returns the jobs of the oldest equal request of the last minute, or None. Each is returned once."""
    client = valkey.client()
    if client is not None:
        try:
            while entry := client.lpop(_name(request)):
                at, _, jobs = entry.decode().partition(";")  # type: ignore[union-attr]
                if float(at) > time.time() - SECONDS:
                    return str(jobs)
        except redis.RedisError as error:
            logger.warning("Valkey could not be asked for requests without a response: %s", type(error).__name__)
    with _lock:
        entries = _local.pop(request, None)
        while entries:
            noted_at, jobs = entries.popleft()
            if noted_at > time.time() - SECONDS:
                if entries:
                    _local[request] = entries
                return jobs
    return None


def _name(request: str) -> str:
    return f"cavendish:resubmission:{request}"
