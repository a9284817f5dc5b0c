"""Actors: thin, with ids at most; everything about their retries stands here."""

from __future__ import annotations

import logging

import dramatiq
from dramatiq.middleware import CurrentMessage

from cavendish.messaging.circuit_breaker import CircuitBreaker, CircuitOpen
from cavendish.messaging.coalesced import Coalesced
from cavendish.telemetry.metrics import BROKER_UP
from generations.work.current import engine_soon

logger = logging.getLogger(__name__)

TOGETHER = 0.01
"""Seconds within which doorbells become one. A message costs both sides a millisecond, and jobs come in hundreds."""


# A doorbell says how many jobs, not which: that is decided in SQL when it is heard. It is never repeated, because the
# sweeper rings again for whatever stays queued. How many is the message's option `jobs`, which a worker of the release
# before does not read: it claims one and looks again.
@dramatiq.actor(
    queue_name="generations", max_retries=0, min_backoff=1_000, max_backoff=1_000, time_limit=24 * 3600 * 1000
)
async def doorbell() -> None:
    engine = await engine_soon()
    if engine is not None:  # else it stops: others hear the next one, and look by themselves
        message = CurrentMessage.get_current_message()
        await engine.ring(message.options.get("jobs", 1) if message is not None else 1)


_breaker = CircuitBreaker(pause=3.0)


def ring(jobs: int = 1) -> None:
    """Rings for so many committed jobs, now or in a moment together with others.

    A broker that is away is no error: engines and the sweeper look by themselves.
    """
    _bell.call(jobs)


def _send(jobs: int) -> None:
    try:
        _breaker.call(lambda: doorbell.send_with_options(jobs=jobs))
        BROKER_UP.set(1)
    except CircuitOpen:
        pass
    except Exception as error:
        BROKER_UP.set(0)
        logger.warning("The broker did not take a doorbell: %s", type(error).__name__)


_bell = Coalesced(_send, seconds=TOGETHER)
