"""Counters in this process, for when Valkey is unreachable. They do what take.lua and give.lua do."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from threading import Lock

from accounts.limits.counters import Counter, State, TakeResult

TIDY_EVERY = 1024
"""Takings between two removals of counters that nobody uses any more."""


class Local:
    """Counters of this process alone: each of n processes admits as much as the limit, and none admits more."""

    def __init__(self, window: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._window = window
        self._clock = clock
        self._seconds: dict[str, dict[int, int]] = {}
        self._lock = Lock()
        self._takings = 0

    def take(self, counters: Sequence[Counter]) -> TakeResult:
        with self._lock:
            clock = self._clock()
            now = math.floor(clock)
            self._tidy(now)
            taken = [self._counted(counter.name, now) for counter in counters]
            waits = [self._wait(counter, seconds, clock) for counter, seconds in zip(counters, taken, strict=True)]
            fits = all(wait == 0 for wait in waits)
            for counter, seconds in zip(counters, taken, strict=True):
                if counter.cost and fits:
                    seconds[now] = seconds.get(now, 0) + counter.cost
                    self._seconds[counter.name] = seconds
            states = (
                State(
                    remaining=max(0, counter.limit - sum(seconds.values())),
                    reset=self._until(min(seconds), clock) if seconds else 0,
                    wait=wait,
                )
                for counter, seconds, wait in zip(counters, taken, waits, strict=True)
            )
            return TakeResult(now, tuple(states))

    def give(self, second: int, names: Sequence[str], amounts: Sequence[int]) -> None:
        with self._lock:
            for name, amount in zip(names, amounts, strict=True):
                seconds = self._seconds.get(name, {})
                left = seconds.pop(second, 0) - amount
                if left > 0:
                    seconds[second] = left

    def _counted(self, name: str, now: int) -> dict[int, int]:
        """Returns what was taken, by the second. A second counts until it lies outside the window as a whole."""
        seconds = self._seconds.get(name, {})
        for second in [second for second in seconds if second < now - self._window]:
            del seconds[second]
        return seconds

    def _wait(self, counter: Counter, seconds: dict[int, int], clock: float) -> int | None:
        missing = sum(seconds.values()) + counter.cost - counter.limit
        if counter.cost == 0 or missing <= 0:
            return 0
        if counter.cost > counter.limit:
            return None
        for second in sorted(seconds):
            missing -= seconds[second]
            if missing <= 0:
                return self._until(second, clock)
        raise AssertionError("More is missing than was taken.")

    def _until(self, second: int, clock: float) -> int:
        return math.ceil(second + self._window + 1 - clock)

    def _tidy(self, now: int) -> None:
        self._takings += 1
        if self._takings % TIDY_EVERY == 0:
            for name in list(self._seconds):
                if not self._counted(name, now):
                    del self._seconds[name]
