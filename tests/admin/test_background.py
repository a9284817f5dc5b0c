"""Queues, dead letters and the scheduler's tasks, as the operator's page reads them."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dramatiq
import pytest

from accounts.actor import Actor
from accounts.models import AuditEvent, OperatorRole
from cavendish.above.admin.background.selectors import background_work
from cavendish.above.admin.background.services import dead_letter_requeue
from cavendish.above.schedule.models import ScheduledTask
from cavendish.above.schedule.selectors import scheduled_tasks
from cavendish.above.schedule.services import TaskLog
from cavendish.db.router import acting_as
from cavendish.http.problems import Problem
from cavendish.management.commands.scheduler import Task, run_tasks
from cavendish.messaging.broker import broker_at
from cavendish.messaging.queues import QueueState, dead_letters, queues_read
from tests.admin.acting import act_done
from tests.people.visitors import person, shown
from tests.races import until

GRACE = Actor("operator", None, "grace@operator.example")


@pytest.fixture(autouse=True)
def as_operator() -> Iterator[None]:
    with acting_as("operator"):
        yield


@pytest.fixture
def queue() -> Iterator[str]:
    """A queue of this test's own, with an actor."""
    name = f"test-{secrets.token_hex(4)}"
    broker: Any = dramatiq.get_broker()
    dramatiq.actor(actor_name=name, queue_name=name, broker=broker, max_retries=0)(lambda number: None)
    yield name
    broker.flush(name)
    broker.actors.pop(name)
    broker.queues.discard(name)


def state_of(name: str) -> QueueState:
    return next(each for each in queues_read() if each.name == name)


def taken(consumer: Any) -> Any:
    message = next(consumer) or next(consumer)  # it waits a second for what is not there yet
    assert message is not None
    return message


def test_a_dead_letter_is_seen_and_goes_back_once(queue: str) -> None:
    broker = dramatiq.get_broker()
    actor = broker.get_actor(queue)
    for number in (1, 2, 3):
        actor.send(number)
    actor.send_with_options(args=(4,), delay=60_000)
    consumer: Any = broker.consume(queue)
    consumer.nack(taken(consumer))
    message = taken(consumer)
    assert state_of(queue) == QueueState(queue, waiting=1, working=1, delayed=1, dead=1)
    consumer.ack(message)

    [letter] = dead_letters(queue)
    assert (letter.actor, letter.args, letter.queue) == (queue, (1,), queue)
    assert letter.enqueued_at <= letter.died_at <= datetime.now(UTC) + timedelta(seconds=1)
    page = background_work()
    assert letter in page.dead_letters
    assert page.dead_letters_readable

    message_id = dead_letter_requeue(queue=queue, letter_id=letter.id, actor=GRACE)
    with pytest.raises(Problem, match="404"):
        dead_letter_requeue(queue=queue, letter_id=letter.id, actor=GRACE)
    assert state_of(queue) == QueueState(queue, waiting=2, working=0, delayed=1, dead=0)
    for number in (3, 1):
        message = taken(consumer)
        consumer.ack(message)
        assert message.args == (number,)
    event = AuditEvent.objects.get(action="dead_letter.requeued", target_id=letter.id)
    assert (event.after["queue"], event.after["message"]) == (queue, message_id)


def test_an_operator_runs_a_dead_letter_again(queue: str) -> None:
    broker = dramatiq.get_broker()
    broker.get_actor(queue).send(1)
    consumer: Any = broker.consume(queue)
    consumer.nack(taken(consumer))
    [letter] = dead_letters(queue)
    path = f"/admin/background/{queue}/{letter.id}/run-again/"
    reader, grace = person(operator=True, role=OperatorRole.READ_ONLY), person(operator=True)
    for visitor in (reader, grace):
        visitor.sign_in()
    page = shown(reader.get("/admin/background/"))
    assert (queue in page, path in page) == (True, False)
    assert reader.post(path, confirm="1").status_code == 403
    assert path in shown(grace.get("/admin/background/"))
    assert f"{queue} is back in its queue." in act_done(grace, path)
    assert grace.get(path).status_code == 404
    assert grace.get(f"/admin/background/nothing-{queue}/{letter.id}/run-again/").status_code == 404
    assert (state_of(queue).waiting, state_of(queue).dead) == (1, 0)


def test_a_broker_that_is_away_is_said(queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dramatiq.broker, "global_broker", away := broker_at("redis://127.0.0.1:1/0"))
    away.declare_queue("mail")
    assert background_work().queues is None
    with pytest.raises(Problem, match="503"):
        dead_letter_requeue(queue=queue, letter_id="x", actor=GRACE)


def test_the_scheduler_notes_what_its_tasks_did() -> None:
    name = f"task_{secrets.token_hex(4)}"
    fails = threading.Event()

    def run() -> int:
        if fails.is_set():
            raise LookupError
        return 7

    run.__name__ = name
    stop = threading.Event()
    thread = threading.Thread(target=run_tasks, args=([Task(run, every=0.01)], stop, TaskLog()), name="testing")
    thread.start()

    def row() -> ScheduledTask | None:
        return ScheduledTask.objects.filter(name=name).first()

    try:
        until(lambda: row() is not None)
        first = row()
        assert first is not None
        assert (first.thread, first.result, first.error, first.failures, first.failed_at) == ("testing", 7, "", 0, None)
        fails.set()
        until(lambda: (now := row()) is not None and now.failures >= 2)
        failed = row()
        assert failed is not None
        assert (failed.result, failed.error) == (None, "LookupError")
        fails.clear()
        until(lambda: (now := row()) is not None and now.failures == 0)
    finally:
        stop.set()
        thread.join()
    well = row()
    assert well is not None
    assert (well.result, well.error, well.last_error) == (7, "", "LookupError")
    assert well.failed_at is not None


def test_a_task_that_goes_on_as_before_is_not_written_each_time() -> None:
    name, now = f"task_{secrets.token_hex(4)}", [0.0]
    log = TaskLog(clock=lambda: now[0])

    def ran(error: str = "") -> bool:
        return log.task_ran(name, thread="t", every=2, seconds=0.1, result=1, error=error)

    assert (ran(), ran(), ran("OSError"), ran(), ran()) == (True, False, True, True, False)
    now[0] = 16.0
    assert ran()


def test_a_task_that_nobody_runs_is_late() -> None:
    name = f"task_{secrets.token_hex(4)}"
    TaskLog().task_ran(name, thread="t", every=60, seconds=0.0, result=1)

    def late() -> bool:
        return next(state.is_late for state in scheduled_tasks() if state.task.name == name)

    assert not late()
    ScheduledTask.objects.filter(name=name).update(started_at=datetime.now(UTC) - timedelta(seconds=230))
    assert not late()
    ScheduledTask.objects.filter(name=name).update(started_at=datetime.now(UTC) - timedelta(seconds=250))
    assert late()
