"""Clients of Valkey, and the channels by which processes notify each other.

A channel only saves time. Whoever waits on one also polls PostgreSQL now and then, so a lost message loses nothing.
"""

from __future__ import annotations

import logging
from functools import cache
from uuid import UUID

import redis
import redis.asyncio
from django.conf import settings
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from cavendish.messaging.addresses import redis_url
from cavendish.messaging.circuit_breaker import CircuitBreaker, CircuitOpen, CircuitState
from cavendish.messaging.connection import PlainConnection

logger = logging.getLogger(__name__)

ENDED = "cavendish:ended"  # a generation became terminal; payload: its UUID in hex
EVENT = "cavendish:event"  # an event was written; payload: the subject's UUID in hex
CANCEL = "cavendish:cancel"  # a running generation should stop; payload: its UUID in hex

WORK = "cavendish:work:"  # behind it a worker's UUID in hex: a job that is its own; payload: the claim as JSON

TIMEOUT = 1.0
"""Seconds."""
# One more try over a fresh connection, and no other: redis-py repeats ten times by default, timeouts too, and a Valkey
# that hangs would hold up every request by as many seconds.
STALE = (redis.ConnectionError,)


@cache
def client(timeout: float = TIMEOUT) -> redis.Redis | None:
    """Returns the process's client for a timeout in seconds, or None where no Valkey is configured (RabbitMQ alone)."""
    if not settings.VALKEY_URL:
        return None
    url = redis_url(settings.VALKEY_URL)
    plain = {"connection_class": PlainConnection} if url.startswith("redis://") else {}
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 1, supported_errors=STALE),
        **plain,
    )


def async_client() -> redis.asyncio.Redis | None:
    """Returns a new client for the running event loop, or None where no Valkey is configured."""
    if not settings.VALKEY_URL:
        return None
    return redis.asyncio.Redis.from_url(
        redis_url(settings.VALKEY_URL),
        socket_timeout=TIMEOUT,
        socket_connect_timeout=TIMEOUT,
        retry=AsyncRetry(NoBackoff(), 1, supported_errors=STALE),
    )


_breaker = CircuitBreaker(pause=1.0)


def publish(channel: str, subject: UUID) -> None:
    """Publishes the subject's id. Does nothing, but for a line in the log, when Valkey is away."""
    connection = client()
    if connection is None:
        return
    try:
        _breaker.call(lambda: connection.publish(channel, subject.hex))
    except CircuitOpen:
        pass
    except redis.RedisError as error:
        logger.warning("Valkey did not accept a message on %s: %s", channel, type(error).__name__)


def is_at_hand() -> bool:
    """Returns whether Valkey is there and has not just hung."""
    return client() is not None and _breaker.state is CircuitState.CLOSED


def tell(worker: str, text: str, subject: UUID) -> bool | None:
    """Tells a worker of a job of its own, and who follows the job that it runs.

    Returns whether the worker listens; None where that is not known: Valkey may deliver later what it did not confirm.
    """
    connection = client()
    if connection is None:
        return False

    def both() -> int:
        with connection.pipeline(transaction=False) as pipeline:
            pipeline.publish(WORK + worker.replace("-", ""), text)
            pipeline.publish(EVENT, subject.hex)
            listening: int = pipeline.execute()[0]
        return listening

    try:
        return bool(_breaker.call(both))
    except CircuitOpen:
        return False
    except redis.RedisError as error:
        logger.warning("Valkey did not accept a job for a worker: %s", type(error).__name__)
        return None
