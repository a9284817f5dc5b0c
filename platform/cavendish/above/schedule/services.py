"""Writes of what the scheduler did."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from threading import Lock

from django.db import DatabaseError
from django.utils import timezone

from cavendish.above.schedule.models import ScheduledTask
from cavendish.db.router import acting_as

logger = logging.getLogger(__name__)

WRITE_EVERY = 15.0
"""Seconds between two writes of a task that goes on as before: some run every two seconds."""


class TaskLog:
    """What one scheduler writes of its tasks, from any of its threads."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._process = f"{socket.gethostname()}:{os.getpid()}"[:100]
        self._written: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._lock = Lock()

    def task_ran(
        self,
        name: str,
        *,
        thread: str,
        every: float,
        seconds: float,
        result: object,
        error: str = "",
        is_news: bool = False,
    ) -> bool:
        """Writes the end of a run down, where it is news or some time has passed; returns whether it did.

        `seconds` is how long the run took, `error` the class of what it failed with. That PostgreSQL is away is no
        error here: the task's own says so.
        """
        with self._lock:
            failures = self._failures.get(name, 0)
            news = is_news or bool(error) or bool(failures)
            if not news and self._clock() < self._written.get(name, float("-inf")) + WRITE_EVERY:
                return False
            self._failures[name] = failures = failures + 1 if error else 0
            self._written[name] = self._clock()
        now = timezone.now()
        row = ScheduledTask(
            name=name[:64],
            thread=thread[:32],
            every=every,
            started_at=now - timedelta(seconds=seconds),
            seconds=seconds,
            result=result if isinstance(result, int) else None,
            error=error[:100],
            failures=failures,
            failed_at=now if error else None,
            last_error=error[:100],
            process=self._process,
        )
        kept = () if error else ("failed_at", "last_error")
        changed = [field.name for field in ScheduledTask._meta.fields if field.name not in ("name", *kept)]
        try:
            with acting_as("operator"):
                ScheduledTask.objects.bulk_create(
                    [row], update_conflicts=True, unique_fields=["name"], update_fields=changed
                )
        except DatabaseError as problem:
            logger.warning("The run of %s was not written down: %s", name, type(problem).__name__)
            return False
        return True
