"""Whether children answer: one that hangs has not ended, so only a question finds it."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from cavendish.up.children import Child
from cavendish.up.ports import LOCAL

EVERY = 5.0
TIMEOUT = 5.0
HANG_SECONDS = 40.0
"""Without an answer for so long a child is replaced. A busy one answers late; one that is frozen does not at all."""


@dataclass
class _Watch:
    asked_at: float = 0.0
    answered_at: float = 0.0
    pending: Future[bool] | None = None


@dataclass
class Probes:
    """Asks children beside the supervisor's loop, which never waits for an answer."""

    hang_seconds: float = HANG_SECONDS
    _watches: dict[int, _Watch] = field(default_factory=dict)
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(8, thread_name_prefix="probe"))

    def hangs(self, child: Child) -> bool:
        """Returns whether a child that was ready has not answered for too long; asks it now and then."""
        if child.answers is None or not child.running or not child.ready:
            self._watches.pop(id(child), None)
            return False
        now = time.monotonic()
        watch = self._watches.setdefault(id(child), _Watch(answered_at=now))
        if watch.pending is not None and watch.pending.done():
            # The time at which it was asked: an answer that came late does not count twice.
            if watch.pending.exception() is None and watch.pending.result():
                watch.answered_at = max(watch.answered_at, now)
            watch.pending = None
        if watch.pending is None and now - watch.asked_at >= min(EVERY, self.hang_seconds / 3):
            watch.asked_at = now
            watch.pending = self._threads.submit(child.answers)
        return now - watch.answered_at > self.hang_seconds

    def forget(self, child: Child) -> None:
        self._watches.pop(id(child), None)


def http_answers(port: int, path: str, *, host: str = LOCAL, name: str = LOCAL) -> Callable[[], bool]:
    """Returns a question over HTTP: whether the process answers at all, whatever it says; a 503 is an answer."""

    def ask() -> bool:
        connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
        try:
            connection.request("GET", path, headers={"Host": name})
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return True

    return ask
