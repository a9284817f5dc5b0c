"""Sparing requests a service that hangs."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import TypeVar

T = TypeVar("T")

SLOW_SECONDS = 0.1


class CircuitOpen(Exception):
    """The service did not answer a moment ago and was not asked again."""


class CircuitBreaker:
    """After a call that failed slowly nobody asks for `pause` seconds; then one caller tries, the others go without.

    A failure that comes at once costs nobody anything, so after it everybody asks as before.
    """

    def __init__(self, pause: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._pause = pause
        self._clock = clock
        self._hanging_until: float | None = None
        self._trying = Lock()

    def call(self, work: Callable[[], T]) -> T:
        """What `work` answers or raises, or CircuitOpen."""
        until = self._hanging_until
        if until is None:
            return self._watched(work)
        if self._clock() < until or not self._trying.acquire(blocking=False):
            raise CircuitOpen
        try:
            return self._watched(work)
        finally:
            self._trying.release()

    def _watched(self, work: Callable[[], T]) -> T:
        began = time.monotonic()
        try:
            answer = work()
        except Exception:
            slow = time.monotonic() - began >= SLOW_SECONDS
            self._hanging_until = self._clock() + self._pause if slow else None
            raise
        self._hanging_until = None
        return answer
