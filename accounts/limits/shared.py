"""Counting in Valkey, one script call each time, for all processes together."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from hashlib import sha1
from pathlib import Path
from typing import Any

import redis

from accounts.limits.counters import Answer, Counter, State
from cavendish.messaging.circuit_breaker import CircuitBreaker, CircuitOpen
from cavendish.telemetry import metrics

logger = logging.getLogger(__name__)

PAUSE = 3.0
"""Seconds without a try after Valkey hung."""


class Script:
    """Lua by its digest; sent whole only to a server that does not know it yet."""

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
    """Counters of all processes. `take` answers None while Valkey is away.

    The client's timeouts bound what a Valkey that hangs can cost: one of them, and no more for PAUSE seconds.
    """

    def __init__(self, client: redis.Redis, window: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._window = window
        self._breaker = CircuitBreaker(PAUSE, clock=clock)
        self._there = True

    def take(self, counters: Sequence[Counter]) -> Answer | None:
        arguments = [number for counter in counters for number in (counter.cost, counter.limit)]
        found = self._ask(_TAKE, [counter.name for counter in counters], self._window, *arguments)
        if found is None:
            return None
        second, *numbers = map(int, found)
        triples = zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True)
        return Answer(second, tuple(State(left, reset, None if wait < 0 else wait) for left, reset, wait in triples))

    def give(self, second: int, names: Sequence[str], amounts: Sequence[int]) -> None:
        self._ask(_GIVE, names, second, *amounts)

    def _ask(self, script: Script, keys: Sequence[str], *arguments: int) -> Any:
        try:
            answer = self._breaker.call(lambda: script.run(self._client, keys, *arguments))
        except CircuitOpen:
            return None
        except redis.RedisError as error:
            if self._there:
                logger.warning("Rate limits are counted in this process: Valkey answered %s.", type(error).__name__)
            self._there = False
            metrics.LIMITS_SHARED.set(0)
            return None
        if not self._there:
            logger.warning("Rate limits are counted in Valkey again.")
            self._there = True
        metrics.LIMITS_SHARED.set(1)
        return answer
