"""Actors: thin, with ids at most; everything about their retries stands here."""

from __future__ import annotations

import logging

import dramatiq

from cavendish.messaging.circuit_breaker import CircuitBreaker, CircuitOpen
from cavendish.telemetry.metrics import BROKER_UP
from generations.work.current import engine_soon

logger = logging.getLogger(__name__)


# A doorbell carries nothing: which job is next is decided in SQL when it is heard. It is never repeated, because the
# sweeper rings again for whatever stays queued.
@dramatiq.actor(
    queue_name="generations", max_retries=0, min_backoff=1_000, max_backoff=1_000, time_limit=24 * 3600 * 1000
)
async def doorbell() -> None:
    engine = await engine_soon()
    if engine is not None:  # else it stops: others hear the next one, and look by themselves
        await engine.ring()


_breaker = CircuitBreaker(pause=3.0)


def ring() -> None:
    """Rings for a committed job. A broker that is away is no error: engines and the sweeper look by themselves."""
    try:
        _breaker.call(doorbell.send)
        BROKER_UP.set(1)
    except CircuitOpen:
        pass
    except Exception as error:
        BROKER_UP.set(0)
        logger.warning("The broker did not take a doorbell: %s", type(error).__name__)
