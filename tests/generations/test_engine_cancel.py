"""Cancellations that meet a job anywhere in its life end it once, and a late answer is fenced."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from pytest_django import Settings

from cavendish.db.tenancy import tenant_context
from generations.services import generation_cancel
from tests.factories import make_tenant, submit_generation
from tests.generations.engines import (
    EngineThread,
    bought,
    charge,
    engine_thread,
    spooled,
    stored_whole,
    wait_ended,
    wait_until,
)
from tests.generations.helpers import books_balance, claim_one, events, generation, one, register, rows, status

pytestmark = [pytest.mark.usefixtures("quiet", "sandbox_url"), pytest.mark.slow]


def test_a_running_job_is_stopped_upstream_and_free_i2(marker: str) -> None:
    tenant = make_tenant()
    with engine_thread():
        id = submit_generation(tenant, f"{marker} [[latency:30]]")
        wait_until(lambda: bool(generation(id)["upstream_id"]))
        for _ in range(2):
            assert generation_cancel(tenant_id=tenant.id, generation_id=id, livemode=True) == "running"
        began = time.monotonic()
        assert wait_ended(id) == ["canceled"]
        assert time.monotonic() - began < 3
        (record,) = bought(marker)
        assert record["cancelled_at"] is not None
    assert (charge(id)["status"], charge(id)["amount"], spooled()) == ("not_charged", Decimal(0), [])
    assert events(id)[-1] == ("canceled", "canceled")
    books_balance(tenant)


def test_a_cancellation_that_was_not_heard_comes_with_the_heartbeat(marker: str, settings: Settings) -> None:
    settings.LEASE_SECONDS = 4
    tenant = make_tenant()
    with engine_thread():
        id = submit_generation(tenant, f"{marker} [[latency:30]]")
        wait_until(lambda: bool(generation(id)["upstream_id"]))
        # as the service does, without its word on the channel
        with tenant_context(tenant.id):
            assert one("default", "SELECT generation_cancel(%s, %s)", tenant.id, id) == "running"
        assert wait_ended(id, timeout=5) == ["canceled"]
    books_balance(tenant)


def test_a_cancellation_before_the_first_step_of_a_job_is_kept_i1() -> None:
    """The task of a claimed job has not begun: canceled then, it would never begin, and the job never end."""
    tenant = make_tenant()
    with engine_thread() as thread:
        engine = thread.engine

        async def claimed_and_canceled() -> None:
            # what a claim and the canceling word do, with nothing between them
            (job,) = await engine.store.claim(worker=engine.worker, limit=1, room=1 << 40, idle=True, batch=1)
            engine._begin(job)
            engine._cancel(job.id)

        thread.deafen()
        engine._loops[0].cancel()  # nobody else claims
        id = submit_generation(tenant, "[[latency:30]]")
        thread.call(claimed_and_canceled())
        assert wait_ended(id) == ["canceled"]
        wait_until(lambda: engine.running == {})
    books_balance(tenant)


def test_a_cancellation_that_comes_too_late_lets_the_answer_through_i2(marker: str) -> None:
    """What was bought is delivered; the books say succeeded, once."""
    tenant = make_tenant()
    with engine_thread() as thread:
        id = submit_generation(tenant, marker)
        wait_until(lambda: id not in thread.engine.running and status(id) == "succeeded")
        with tenant_context(tenant.id):
            assert one("default", "SELECT generation_cancel(%s, %s)", tenant.id, id) == "succeeded"
        thread.loop.call_soon_threadsafe(thread.engine._cancel, id)
    assert status(id) == "succeeded"
    assert stored_whole(id) == 1
    books_balance(tenant)


def test_a_frozen_workers_late_answer_is_taken_when_nobody_has_the_job(marker: str) -> None:
    tenant = make_tenant()
    with engine_thread() as thread:
        id = submit_generation(tenant, f"{marker} [[latency:1.5]]")
        wait_until(lambda: bool(generation(id)["upstream_id"]))
        thread.engine._loops[0].cancel()  # claims no more
        rows("owner", "DELETE FROM generations_worker WHERE id = %s", thread.engine.worker)
        assert one("system", "SELECT generation_sweep(5, true)")["freed"] == 1
        assert status(id) == "queued"
        assert wait_ended(id) == ["succeeded"]
    assert (generation(id)["attempts"], stored_whole(id), len(bought(marker))) == (1, 1, 1)
    books_balance(tenant)


def test_a_frozen_workers_late_answer_is_dropped_when_somebody_has_the_job_i2(marker: str) -> None:
    tenant = make_tenant()
    with engine_thread() as thread:
        id = submit_generation(tenant, f"{marker} [[latency:1.5]]")
        wait_until(lambda: bool(generation(id)["upstream_id"]))
        thread.engine._loops[0].cancel()
        rows("owner", "DELETE FROM generations_worker WHERE id = %s", thread.engine.worker)
        assert one("system", "SELECT generation_sweep(5, true)")["freed"] == 1
        other = claim_one(register())
        assert (other.id, other.attempt, other.upstream_id) == (id, 2, bought(marker)[0]["id"])
        wait_until(lambda: thread.engine.running == {})
        assert status(id) == "running"
        assert (spooled(), stored_whole(id)) == ([], 0)
    # the other one dies as well; a third resumes the same interaction
    rows("owner", "SELECT worker_release(worker, 'worker lost') FROM generations_generation WHERE id = %s", id)
    third = EngineThread()
    try:
        assert wait_ended(id) == ["succeeded"]
    finally:
        third.stop()
    assert (generation(id)["attempts"], stored_whole(id), len(bought(marker))) == (3, 1, 1)
    books_balance(tenant)
