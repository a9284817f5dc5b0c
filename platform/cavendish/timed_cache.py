"""What a process reads from PostgreSQL once in a while, though it asks all the time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

RENEW_BEFORE = 0.25
"""Of a value's time: the part at its end in which one of those who ask reads it anew, while the others use it."""

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True)
class _Kept(Generic[V]):
    value: V
    renewed_from: float
    until: float
    renewing: Lock = field(default_factory=Lock)


class TimedCache(Generic[K, V]):
    """Values that may be used again for some seconds each; at most `most` of them.

    Threads that ask at once do not all find a value's time over: one of them reads it before that. Nobody waits for
    another's reading, which may wait for a connection that the waiting one holds.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[K, _Kept[V]] = {}
        self._lock = Lock()

    def get(self, key: K, read: Callable[[], tuple[V, float]]) -> V:
        """Returns the kept value, or the one that `read` returns with the seconds for which it holds."""
        kept = self._values.get(key)
        # the seconds count from before the reading, which may take some itself
        began = time.monotonic()
        # Who renews it never gives the lock back: a value that is read anew has one of its own.
        if (
            kept is not None
            and began < kept.until
            and (began < kept.renewed_from or not kept.renewing.acquire(blocking=False))
        ):
            return kept.value
        value, seconds = read()
        with self._lock:
            if len(self._values) >= self._most:
                self._values.clear()
            self._values[key] = _Kept(value, began + seconds * (1 - RENEW_BEFORE), began + seconds)
        return value

    def clear(self) -> None:
        with self._lock:
            self._values.clear()
