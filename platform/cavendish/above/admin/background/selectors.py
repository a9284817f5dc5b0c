"""Background work as the operator's page shows it: the broker's queues and the scheduler's tasks."""

from __future__ import annotations

from dataclasses import dataclass

from cavendish.above.schedule.selectors import TaskState, scheduled_tasks
from cavendish.messaging.queues import (
    BrokerAway,
    DeadLetter,
    QueueState,
    dead_letter_read,
    dead_letters,
    dead_letters_are_readable,
)
from cavendish.messaging.queues import queues_read as _queues_read

DEAD_LETTERS_SHOWN = 50


@dataclass(frozen=True)
class BackgroundWork:
    """`queues` is None where the broker does not answer. `dead_letters` are empty where the broker does not show them:
    `dead_letters_readable` tells the two apart.
    """

    queues: list[QueueState] | None
    dead_letters: list[DeadLetter]
    dead_letters_readable: bool
    tasks: list[TaskState]


def background_work() -> BackgroundWork:
    """Returns all of it, with the newest dead letters of each queue. A broker that hangs takes its timeout at most."""
    tasks = scheduled_tasks()
    readable = dead_letters_are_readable()
    try:
        queues = _queues_read()
        letters = [
            letter for queue in queues if queue.dead for letter in dead_letters(queue.name, limit=DEAD_LETTERS_SHOWN)
        ]
    except BrokerAway:
        return BackgroundWork(None, [], readable, tasks)
    return BackgroundWork(queues, sorted(letters, key=lambda letter: letter.died_at, reverse=True), readable, tasks)


def dead_letter_find(queue: str, letter_id: str) -> DeadLetter | None:
    """Returns a dead letter; None where there is none, where it cannot be read or the broker does not answer."""
    try:
        return dead_letter_read(queue, letter_id)
    except BrokerAway:
        return None
