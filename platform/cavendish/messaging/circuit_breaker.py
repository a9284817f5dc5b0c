"""A circuit breaker that spares requests a service that hangs."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum
from threading import Lock
from typing import TypeVar

T = TypeVar("T")

SLOW_SECONDS = 0.1
"""A failure that takes at least so long opens the circuit."""


class CircuitOpen(Exception):
    """The service hung a moment ago and was not called."""


class CircuitState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class CircuitBreaker:
    """Opens after a call that failed slowly, for `pause` seconds.

    closed     all calls go through
    open       no call goes through
    half-open  one call goes through at a time: if it fails slowly the circuit opens again, otherwise it closes

    A call that fails at once costs nobody anything, so it closes the circuit as a success does.
    """

    def __init__(self, pause: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._pause = pause
        self._clock = clock
        self._open_until: float | None = None
        self._trial = Lock()

    @property
    def state(self) -> CircuitState:
        if (until := self._open_until) is None:
            return CircuitState.CLOSED
        return CircuitState.OPEN if self._clock() < until else CircuitState.HALF_OPEN

    def call(self, work: Callable[[], T]) -> T:
        """Returns or raises what `work` does. Raises CircuitOpen where the call does not go through."""
        state = self.state
        if state is CircuitState.CLOSED:
            return self._timed(work)
        if state is CircuitState.OPEN or not self._trial.acquire(blocking=False):
            raise CircuitOpen
        try:
            return self._timed(work)
        finally:
            self._trial.release()

    def _timed(self, work: Callable[[], T]) -> T:
        began = time.monotonic()
        try:
            result = work()
        except Exception:
            slow = time.monotonic() - began >= SLOW_SECONDS
            self._open_until = self._clock() + self._pause if slow else None
            raise
        self._open_until = None
        return result
