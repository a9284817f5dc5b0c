"""Calls that say the same, made together where they come within moments of each other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Coalesced:
    """Calls `work(count)` at once; those that come within `seconds` after a call are one call at the end of them.

    Nobody waits for that one: it is made in a thread of its own. `work` raises nothing.
    """

    def __init__(self, work: Callable[[int], None], *, seconds: float) -> None:
        self._work = work
        self._seconds = seconds
        self._lock = threading.Lock()
        self._count = 0
        self._next = 0.0
        self._owed = threading.Event()
        self._thread: threading.Thread | None = None

    def call(self, count: int = 1) -> None:
        with self._lock:
            self._count += count
            now = time.monotonic()
            if self._owed.is_set() or now < self._next:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._later, name="coalesced", daemon=True)
                    self._thread.start()
                self._owed.set()
                return
            count, self._count = self._count, 0
            self._next = now + self._seconds
        self._work(count)

    def _later(self) -> None:
        while True:
            self._owed.wait()
            time.sleep(max(self._next - time.monotonic(), 0))
            with self._lock:
                count, self._count = self._count, 0
                self._next = time.monotonic() + self._seconds
                self._owed.clear()
            self._work(count)
