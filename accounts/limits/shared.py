"""Counters in Valkey, for all processes together; each taking is one call of a script."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from hashlib import sha1
from pathlib import Path
from typing import Any

import redis

from accounts.limits.counters import Counter, State, TakeResult
from cavendish.messaging.circuit_breaker import CircuitBreaker, CircuitOpen
from cavendish.telemetry import metrics

logger = logging.getLogger(__name__)

PAUSE = 3.0
"""Seconds without a try after Valkey hung."""


class Script:
    """A Lua script that is called by its digest, and sent whole only to a server that does not know it yet."""

    def __init__(self, name: str) -> None:
        self._text = (Path(__file__).parent / name).read_text()
        self._digest = sha1(self._text.encode(), usedforsecurity=False).hexdigest()

    def run(self, client: redis.Redis, keys: Sequence[str], *arguments: int) -> Any:
        try:
            return client.evalsha(self._digest, len(keys), *keys, *arguments)
        except redis.exceptions.NoScriptError:
            return client.eval(self._text, len(keys), *keys, *arguments)


_TAKE, _GIVE = Script("take.lua"), Script("give.lua")


class Shared:
    """Counters of all processes. `take` returns None while Valkey cannot be reached.

    The client's timeouts bound what a Valkey that hangs can cost: one of them, and no more for PAUSE seconds.
    """

    def __init__(self, client: redis.Redis, window: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._window = window
        self._breaker = CircuitBreaker(PAUSE, clock=clock)
        self._reachable = True

    def take(self, counters: Sequence[Counter]) -> TakeResult | None:
        arguments = [number for counter in counters for number in (counter.cost, counter.limit)]
        reply = self._run(_TAKE, [counter.name for counter in counters], self._window, *arguments)
        if reply is None:
            return None
        second, *numbers = map(int, reply)
        triples = zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True)
        return TakeResult(
            second, tuple(State(left, reset, None if wait < 0 else wait) for left, reset, wait in triples)
        )

    def give(self, second: int, names: Sequence[str], amounts: Sequence[int]) -> None:
        self._run(_GIVE, names, second, *amounts)

    def _run(self, script: Script, keys: Sequence[str], *arguments: int) -> Any:
        try:
            reply = self._breaker.call(lambda: script.run(self._client, keys, *arguments))
        except CircuitOpen:
            return None
        except redis.RedisError as error:
            if self._reachable:
                logger.warning("Rate limits are counted in this process: Valkey raised %s.", type(error).__name__)
            self._reachable = False
            metrics.LIMITS_SHARED.set(0)
            return None
        if not self._reachable:
            logger.warning("Rate limits are counted in Valkey again.")
            self._reachable = True
        metrics.LIMITS_SHARED.set(1)
        return reply
