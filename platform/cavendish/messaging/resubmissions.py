"""Requests whose connection closed before they had their answer, for a minute: the next equal one gets their jobs.

The SDKs send a POST again when its connection broke, without a key that says so (WIRE.md 1.3, 1.5). Entries lie in
Valkey, for all web processes; those that it could not take stay in the process that saw the connection close.
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
_MOST = 10_000

_kept: dict[str, deque[tuple[float, str]]] = {}
_lock = Lock()


def note(request: str, jobs: str) -> None:
    """`request` names key and bytes of a request, `jobs` what it made; both are opaque here."""
    entry = f"{time.time()};{jobs}"
    client = valkey.client()
    if client is not None:
        try:
            with client.pipeline(transaction=True) as pipeline:
                pipeline.rpush(_name(request), entry)
                pipeline.expire(_name(request), SECONDS)
                pipeline.execute()
        except redis.RedisError as error:
            logger.warning("Valkey did not take an unanswered request: %s", type(error).__name__)
        else:
            return
    with _lock:
        if len(_kept) >= _MOST:
            _kept.clear()
        _kept.setdefault(request, deque()).append((time.time(), jobs))


def take(request: str) -> str | None:
    """The jobs of the oldest such request of the last minute, or None. Each is given to one taker."""
    client = valkey.client()
    if client is not None:
        try:
            while entry := client.lpop(_name(request)):
                at, _, jobs = entry.decode().partition(";")  # type: ignore[union-attr]
                if float(at) > time.time() - SECONDS:
                    return str(jobs)
        except redis.RedisError as error:
            logger.warning("Valkey was not there to be asked for an unanswered request: %s", type(error).__name__)
    with _lock:
        waiting = _kept.pop(request, None)
        while waiting:
            noted, jobs = waiting.popleft()
            if noted > time.time() - SECONDS:
                if waiting:
                    _kept[request] = waiting
                return jobs
    return None


def _name(request: str) -> str:
    return f"cavendish:unanswered:{request}"
