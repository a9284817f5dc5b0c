"""A job that a worker has at once: who gets it so, what the worker is told, and what becomes of one not heard of."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any
from uuid import UUID

import pytest

from cavendish.db.tenancy import tenant_context
from cavendish.messaging import valkey
from generations.models import Priority
from generations.work.job import Job
from tests.factories import make_tenant, submit_generation
from tests.generations.engines import bought, engine_thread, wait_ended, wait_until
from tests.generations.helpers import claim_one, events, finish, generation, in_threads, one, register, rows, succeeded

pytestmark = pytest.mark.usefixtures("quiet", "sandbox_url")

PATIENCE = 5.0


def ready(room: int = 5, *, seconds: float = 60.0) -> UUID:
    """A worker that says it has room."""
    worker = register(seconds=seconds)
    one("system", "SELECT worker_heartbeat(%s, %s, %s)", worker, seconds, json.dumps({"room": room}))
    return worker


@contextmanager
def listening(worker: UUID) -> Iterator[Any]:
    """A function that returns the next message to the worker, None where none comes."""
    client: Any = valkey.client()
    with client.pubsub(ignore_subscribe_messages=False) as subscription:
        subscription.subscribe(valkey.WORK + worker.hex)
        assert subscription.get_message(timeout=PATIENCE)["type"] == "subscribe"

        def heard(timeout: float = PATIENCE) -> Job | None:
            message = subscription.get_message(timeout=timeout)
            return None if message is None else Job.from_message(message["data"].decode())

        yield heard


def has_room() -> bool:
    """Whether the only worker has said that jobs may be handed to it."""
    return bool(one("owner", "SELECT coalesce((state->>'room')::int, 0) > 0 FROM generations_worker"))


def reasons(id: UUID) -> list[str]:
    return [reason for _, reason in events(id)]


def test_an_idle_worker_has_a_job_at_once_and_is_told_what_a_claim_would_have_told_it() -> None:
    tenant = make_tenant()
    submit_generation(tenant, "A fox")
    queued = claim_one(register())
    assert finish(queued, succeeded(queued)) == "ended"
    rows("owner", "DELETE FROM generations_worker")
    worker = ready()
    with listening(worker) as heard:
        id = submit_generation(tenant, "A fox")
        job = heard()
    assert job is not None
    row = generation(id)
    assert (row["status"], row["attempts"], row["worker"]) == ("running", 1, worker)
    assert row["started_at"] >= row["created_at"]
    assert (job.id, job.lease_token, job.attempt) == (id, row["lease_token"], 1)
    own = {"id", "lease_token", "seconds_left", "request_id"}
    for field in fields(Job):
        if field.name not in own:
            assert getattr(job, field.name) == getattr(queued, field.name), field.name
    assert json.dumps(job.spec) == json.dumps(queued.spec)
    assert job.seconds_left == pytest.approx(queued.seconds_left, abs=30)
    assert reasons(id) == ["accepted", "assigned"]
    assert finish(job, succeeded(job)) == "ended"


def test_a_tenant_at_its_limit_waits() -> None:
    tenant = make_tenant(concurrency_limit=2)
    with listening(ready()) as heard:
        ids = [submit_generation(tenant) for _ in range(3)]
        assert [heard().id, heard().id, heard(0.3)] == [*ids[:2], None]
    assert [generation(id)["status"] for id in ids] == ["running", "running", "queued"]


def test_those_of_one_tenant_at_once_are_all_handed() -> None:
    """Each asks for the tenant's row once the wallet is its own, so none finds it locked by another's submit."""
    tenant = make_tenant(concurrency_limit=100)
    with listening(ready(room=100)) as heard:
        ids = set(in_threads(6, lambda _: submit_generation(tenant), range(30)))
        assert {heard().id for _ in ids} == ids


def test_who_waits_keeps_the_turn() -> None:
    tenant, other = make_tenant(), make_tenant()
    first = submit_generation(tenant)
    with listening(ready(room=2)) as heard:
        # behind one of its own it waits; of another tenant it does not, as the worker has room for both
        second, third = submit_generation(tenant), submit_generation(other)
        assert heard(0.3) is None
        assert [generation(id)["status"] for id in (first, second, third)] == ["queued"] * 3
    rows("owner", "UPDATE generations_worker SET state = '{\"room\": 4}'")
    [worker] = rows("owner", "SELECT id FROM generations_worker")
    with listening(worker["id"]) as heard:
        fresh = make_tenant()
        fourth = submit_generation(fresh)
        assert heard().id == fourth


@pytest.mark.parametrize("state", ["{}", '{"room": 0}'])
def test_a_worker_without_room_gets_none(state: str) -> None:
    worker = register()
    one("system", "SELECT worker_heartbeat(%s, %s, %s)", worker, 60.0, state)
    assert generation(submit_generation(make_tenant()))["status"] == "queued"


def test_a_worker_that_renews_no_lease_gets_none(settings: Any) -> None:
    ready(seconds=settings.LEASE_SECONDS * 0.6)
    assert generation(submit_generation(make_tenant()))["status"] == "queued"


def test_a_job_that_nobody_hears_of_is_queued() -> None:
    ready()
    id = submit_generation(make_tenant())
    row = generation(id)
    assert (row["status"], row["attempts"], row["worker"], row["started_at"]) == ("queued", 0, None, None)
    assert reasons(id) == ["accepted", "assigned", "worker_gone"]
    job = claim_one(register())
    assert (job.id, job.attempt) == (id, 1)


def test_where_valkey_just_hung_jobs_are_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valkey, "is_at_hand", lambda: False)
    with listening(ready()) as heard:
        assert generation(submit_generation(make_tenant()))["status"] == "queued"
        assert heard(0.3) is None


def test_items_of_batches_wait_for_their_turn() -> None:
    with listening(ready()) as heard:
        id = submit_generation(make_tenant(), priority=Priority.BATCH)
        assert heard(0.3) is None
    assert generation(id)["status"] == "queued"


def test_of_many_at_once_no_more_run_than_the_tenant_may() -> None:
    tenant = make_tenant(concurrency_limit=3)
    with listening(ready(room=50)):
        in_threads(6, lambda _: submit_generation(tenant), range(12))
    counted = rows(
        "owner",
        "SELECT status, count(*) AS n FROM generations_generation WHERE tenant_id = %s GROUP BY status",
        tenant.id,
    )
    running = {row["status"]: row["n"] for row in counted}
    assert 1 <= running.pop("running") <= 3
    assert sum(running.values()) >= 9


def test_an_engine_runs_what_it_is_handed_and_claims_nothing_for_it() -> None:
    tenant = make_tenant()
    with engine_thread() as thread:
        thread.engine._loops[0].cancel()
        wait_until(has_room)
        id = submit_generation(tenant)
        assert wait_ended(id) == ["succeeded"]
    assert generation(id)["attempts"] == 1


def test_an_engine_without_room_gives_a_job_back() -> None:
    tenant = make_tenant()
    with engine_thread() as thread:
        wait_until(has_room)
        thread.engine._loops[0].cancel()
        thread.engine.capacity = 0
        id = submit_generation(tenant)
        wait_until(lambda: reasons(id) == ["accepted", "assigned", "no_room"])
        assert (generation(id)["status"], generation(id)["attempts"]) == ("queued", 0)
        thread.engine.capacity = 5


def test_a_job_that_a_worker_was_not_told_of_is_given_back_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = make_tenant()
    with engine_thread():
        wait_until(has_room)
        with monkeypatch.context() as lost:
            lost.setattr(valkey, "tell", lambda worker, text, subject: True)
            id = submit_generation(tenant)
        began = time.monotonic()
        assert wait_ended(id) == ["succeeded"]
    assert time.monotonic() - began < 15
    assert generation(id)["attempts"] == 1
    assert "claim lost" in reasons(id)


def test_a_message_that_comes_late_buys_nothing(marker: str) -> None:
    """Valkey hung meanwhile, and the job was given back."""
    tenant = make_tenant()
    with engine_thread() as thread:
        wait_until(has_room)
        thread.engine._loops[0].cancel()
        id = submit_generation(tenant, f"{marker} [[latency:0.5]]")
        wait_until(lambda: id in thread.engine.running)
        job = thread.engine.running[id].job
        assert wait_ended(id) == ["succeeded"]
        wait_until(lambda: id not in thread.engine.running)
        thread.loop.call_soon_threadsafe(thread.engine._take, job)
        time.sleep(1)
    assert len(bought(marker)) == 1


def test_where_valkey_does_not_confirm_the_worker_has_the_job_or_gives_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = ready()
    monkeypatch.setattr(valkey, "tell", lambda worker, text, subject: None)
    id = submit_generation(make_tenant())
    assert generation(id)["status"] == "running"
    assert one("system", "SELECT worker_release(%s, 'claim lost', '{}', 3)", worker) == 0


def test_no_other_tenants_row_is_locked() -> None:
    """Nor does who asks learn of workers, as the role of tenants."""
    ready()
    tenant, other = make_tenant(), make_tenant()
    ask = "SELECT generation_assign(%s, gen_random_uuid(), 1.0) IS NULL AS refused"
    assert one("default", ask, other.id)
    with tenant_context(tenant.id):
        assert one("default", ask, other.id)
        assert not one("default", ask, tenant.id)
