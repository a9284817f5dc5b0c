"""Reads of what the scheduler did, as the operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from cavendish.above.schedule.models import ScheduledTask

LATE = timedelta(minutes=1)
"""How much later than it should a task may begin until it counts as late; besides three of its own intervals."""


@dataclass(frozen=True)
class TaskState:
    """A task with when it comes next. `is_late` says that no scheduler seems to run it."""

    task: ScheduledTask
    next_at: datetime
    is_late: bool


def scheduled_tasks() -> list[TaskState]:
    """Returns all tasks that a scheduler ever ran, by thread and name; also those that a newer version has no more."""
    now = timezone.now()
    return [_state(task, now) for task in ScheduledTask.objects.order_by("thread", "name")]


def _state(task: ScheduledTask, now: datetime) -> TaskState:
    # What is written lags behind by the interval of writing.
    next_at = task.started_at + timedelta(seconds=task.every)
    late = next_at + max(LATE, 3 * timedelta(seconds=task.every) + timedelta(seconds=task.seconds))
    return TaskState(task, next_at, is_late=late < now)
