"""Says once what would be said a hundred times: in an outage each job and each thread has the same to say."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from cavendish.telemetry.metrics import LOG_LINES

KEEP_SECONDS = 60.0
MOST_KEPT = 1000
OWN = frozenset({"cavendish", "accounts", "billing", "generations", "django"})


class RepeatsFilter(logging.Filter):
    """Lets a warning or an error through once a minute, and the next one say how many were left out.

    Two lines are the same if their text is. Of libraries it is the text without what is filled in, from whichever
    thread or queue: they tell of one outage by many names. Counts all of them in `cavendish_log_lines`.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, counts: bool = True) -> None:
        super().__init__()
        self._clock = clock
        self._counts = counts
        self._said: dict[tuple[object, ...], tuple[float, int]] = {}
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        if self._counts:
            LOG_LINES.labels(record.levelname).inc()
        package = record.name.partition(".")[0]
        text = record.getMessage() if package in OWN else str(record.msg)
        key = (package, record.levelno, text, record.exc_info[0] if record.exc_info else None)
        now = self._clock()
        with self._lock:
            since, left_out = self._said.get(key, (float("-inf"), 0))
            if now - since < KEEP_SECONDS:
                self._said[key] = (since, left_out + 1)
                return False
            if len(self._said) >= MOST_KEPT:
                self._said = {key: said for key, said in self._said.items() if now - said[0] < KEEP_SECONDS}
                if len(self._said) >= MOST_KEPT:
                    self._said.clear()
            self._said[key] = (now, 0)
        if left_out:
            record.msg, record.args = f"{record.getMessage()} (and {left_out} more like it)", ()
        return True
