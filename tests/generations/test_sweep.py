"""What fell between two lines is found again (I1), and calm weather counts nothing."""

from __future__ import annotations

import time
import uuid
from contextlib import suppress
from typing import Any

import psycopg
import pytest

from cavendish.db.pool import conninfo
from generations.upkeep.sweep import LONGEST_GAP, LeaseGrace
from generations.upkeep.sweep import sweep as sweep_all
from tests.factories import make_tenant, submit_generation
from tests.generations.helpers import (
    books_balance,
    claim,
    claim_one,
    events,
    finish,
    generation,
    one,
    register,
    rows,
    status,
    succeeded,
    wallet,
)

pytestmark = pytest.mark.usefixtures("quiet")
CALM = {"freed": 0, "expired": 0, "lapsed": 0, "broken": 0, "holds": 0, "silent": 0}


def sweep(*, calm: bool = True) -> dict[str, Any]:
    found: dict[str, Any] = one("system", "SELECT generation_sweep(5, %s)", calm)
    return {name: count for name, count in found.items() if name != "ended"}


def age_out(worker: uuid.UUID) -> None:
    rows("owner", "UPDATE generations_worker SET expires_at = now() - interval '1 s' WHERE id = %s", worker)


def test_calm_weather_counts_nothing() -> None:
    tenant = make_tenant()
    submit_generation(tenant)
    job = claim_one(register())
    submit_generation(tenant)
    assert sweep() == CALM
    assert finish(job, succeeded(job)) == "ended"
    assert sweep() == CALM


def test_the_scheduler_runs_the_same_and_rings() -> None:
    tenant = make_tenant()
    id = submit_generation(tenant, ends_in=-1)
    assert sweep_all()["expired"] == 1
    assert status(id) == "failed"


def test_what_a_client_set_a_time_for_ends_by_it_and_is_no_repair() -> None:
    tenant = make_tenant()
    canceled = submit_generation(tenant, cancel_after=0.001)
    late = submit_generation(tenant, cancel_after=30, ends_in=-1)
    kept = submit_generation(tenant, cancel_after=600)
    rows("owner", "UPDATE generations_generation SET deadline_seconds = 5 WHERE id = %s", late)
    assert [job.id for job in claim(register(), 10)].count(canceled) == 0
    rows("owner", "UPDATE generations_generation SET status = 'queued', worker = NULL WHERE id IN (%s, %s)", late, kept)
    for _ in range(2):  # one of a tenant at a time
        assert sweep() == CALM | {"lapsed": 1}
    assert sweep() == CALM
    assert (status(canceled), status(late), status(kept)) == ("canceled", "failed", "queued")
    assert events(canceled)[-1] == ("canceled", "cancel_after")
    assert events(late)[-1] == ("failed", "deadline_exceeded")


def test_calm_begins_anew_after_an_outage_or_a_hanging_answer() -> None:
    """A lease lasts 20 s and is renewed every 5 s: after 10 s every live worker has renewed its own."""
    now = 0.0

    def look(calm: LeaseGrace, *, takes: float = 0.0, fails: bool = False) -> bool:
        nonlocal now
        with suppress(OSError), calm.observed() as settled:
            now += takes
            if fails:
                raise OSError
        return settled

    def run(calm: LeaseGrace) -> list[bool]:
        nonlocal now
        seen = []
        for _ in range(6):
            seen.append(look(calm))
            now += 2
        return seen

    calm = LeaseGrace(lambda: now)
    fresh = [False, False, False, False, False, True]
    assert run(calm) == fresh
    look(calm, fails=True)
    assert run(calm) == fresh
    look(calm, takes=40)  # PostgreSQL was frozen
    assert run(calm) == fresh
    now += 40  # the scheduler was
    assert run(calm) == fresh
    assert run(calm) == [True] * 6


def test_what_nobody_took_for_five_seconds_is_rung_for() -> None:
    tenant = make_tenant()
    id = submit_generation(tenant)
    rows("owner", "UPDATE generations_generation SET run_after = now() - interval '6 s' WHERE id = %s", id)
    assert sweep() == {**CALM, "silent": 1}
    assert status(id) == "queued"


def test_a_queued_job_past_its_deadline_fails_uncharged_i1() -> None:
    tenant = make_tenant()
    late, fine = submit_generation(tenant, ends_in=-1), submit_generation(tenant)
    assert sweep() == {**CALM, "expired": 1}
    assert (status(late), status(fine)) == ("failed", "queued")
    assert generation(late)["error"]["code"] == "deadline_exceeded"
    assert events(late)[-1] == ("failed", "deadline_exceeded")
    assert one("owner", "SELECT status FROM billing_hold WHERE generation_id = %s", late) == "released"
    assert one("owner", "SELECT status FROM billing_charge WHERE generation_id = %s", late) == "not_charged"
    assert sweep() == CALM


def test_each_call_ends_one_job_of_a_tenant_and_the_scheduler_calls_until_none_is_left() -> None:
    """Two in one transaction could wait in a ring with a submit that locks the tenant's budgets in another order."""
    one_tenant, other = make_tenant(), make_tenant()
    late = [submit_generation(one_tenant, ends_in=-1) for _ in range(3)]
    late.append(submit_generation(other, ends_in=-1))
    assert sweep() == {**CALM, "expired": 2}
    assert [status(id) for id in late] == ["failed", "queued", "queued", "failed"]
    assert sweep_all()["expired"] == 2
    assert {status(id) for id in late} == {"failed"}
    books_balance(one_tenant)


def test_a_row_that_cannot_be_ended_does_not_keep_others_from_it() -> None:
    broken, fine = submit_generation(make_tenant(), ends_in=-1), submit_generation(make_tenant(), ends_in=-1)
    # no way of the product leads here
    rows("owner", "DELETE FROM billing_hold WHERE generation_id = %s", broken)
    assert sweep() == {**CALM, "expired": 1, "broken": 1}
    assert (status(broken), status(fine)) == ("queued", "failed")


def test_a_transaction_that_hangs_with_a_tenants_rows_holds_up_no_other_tenant() -> None:
    stuck, fine = make_tenant(), make_tenant()
    held, worker = submit_generation(stuck), register()
    assert [job.id for job in claim(worker, 1)] == [held]
    late = [submit_generation(tenant, ends_in=-1) for tenant in (stuck, stuck, fine)]
    orphan = submit_generation(stuck)
    # no way of the product leads here
    rows("owner", "UPDATE generations_generation SET status = 'failed' WHERE id = %s", orphan)
    age_out(worker)
    with psycopg.connect(conninfo("owner")) as hangs:
        for table in ("generations_generation", "billing_budgetperiod", "billing_wallet"):
            hangs.execute(f"SELECT 1 FROM {table} WHERE tenant_id = %s FOR UPDATE", [stuck.id])
        began = time.monotonic()
        found = sweep_all()
        assert time.monotonic() - began < LONGEST_GAP / 2
        assert (found["expired"], found["broken"], found["holds"]) == (1, 0, 0)
        assert status(late[2]) == "failed"
    assert sweep()["freed"] == 1
    sweep_all()
    assert {status(id) for id in late} == {"failed"}
    assert status(held) == "queued"


def test_a_cancel_outlives_the_worker_that_should_have_heard_it() -> None:
    tenant = make_tenant()
    id = submit_generation(tenant)
    worker = register()
    claim(worker, 1)
    assert one("owner", "SELECT generation_cancel(%s, %s)", tenant.id, id) == "running"
    age_out(worker)
    assert sweep()["freed"] == 1
    assert claim(register(), 1) == []
    sweep()
    assert status(id) == "canceled"
    assert wallet(tenant) == {"balance": 100, "held": 0}


def test_a_hold_whose_job_has_ended_is_released() -> None:
    tenant = make_tenant()
    id = submit_generation(tenant)
    # no way of the product leads here
    rows("owner", "UPDATE generations_generation SET status = 'failed' WHERE id = %s", id)
    assert sweep() == {**CALM, "holds": 1}
    assert wallet(tenant) == {"balance": 100, "held": 0}
    assert sweep() == CALM


def test_a_hold_that_cannot_be_released_keeps_no_other_from_it() -> None:
    broken, fine = make_tenant(), make_tenant()
    for tenant in (broken, fine):
        submit_generation(tenant)
        rows("owner", "UPDATE generations_generation SET status = 'failed' WHERE tenant_id = %s", tenant.id)
    # no way of the product leads here: less is held than the hold holds
    rows("owner", "UPDATE billing_wallet SET held = 0 WHERE tenant_id = %s", broken.id)
    found = sweep()
    assert found["holds"] == 1
    assert wallet(fine) == {"balance": 100, "held": 0}
    assert sweep() == {**CALM, "broken": 1}
    rows("owner", "UPDATE billing_hold SET status = 'released' WHERE tenant_id = %s", broken.id)


def test_a_dead_workers_jobs_are_free_again_when_its_lease_has_run_out_i1() -> None:
    tenant = make_tenant()
    ids = [submit_generation(tenant) for _ in range(3)]
    dead, alive = register(), register()
    lost = claim(dead, 2)
    (kept,) = claim(alive, 1)
    age_out(dead)
    # Just after an outage every lease is stale, and it may be a live worker's.
    assert sweep(calm=False) == CALM
    assert sweep() == {**CALM, "freed": 2}
    assert {status(job.id) for job in lost} == {"queued"}
    assert status(kept.id) == "running"
    assert {generation(id)["failures"] for id in ids} == {0}
    again = claim(alive, 3)
    assert {job.id for job in again} == {job.id for job in lost}
    for job in [kept, *again]:
        assert finish(job, succeeded(job)) == "ended"
    books_balance(tenant)


def test_a_heartbeat_renews_and_tells_when_the_lease_is_gone() -> None:
    worker = register(seconds=1)
    assert one("system", "SELECT worker_heartbeat(%s, 60)::text", worker) == "{}"
    left = one("owner", "SELECT extract(epoch FROM expires_at - now()) FROM generations_worker WHERE id = %s", worker)
    assert 55 < left <= 60
    rows("owner", "DELETE FROM generations_worker WHERE id = %s", worker)
    assert one("system", "SELECT worker_heartbeat(%s, 60)::text", worker) is None


def test_a_successor_takes_over_what_lies_in_its_spool_and_frees_the_rest() -> None:
    tenant = make_tenant()
    for _ in range(3):
        submit_generation(tenant)
    name = uuid.uuid4().hex
    first = register(name)
    jobs = claim(first, 3)
    second = register(name, keep=[jobs[0].id])
    assert (status(jobs[0].id), generation(jobs[0].id)["worker"]) == ("running", second)
    assert [status(job.id) for job in jobs[1:]] == ["queued", "queued"]
    # the spooled answer still fits: its token is the old one
    assert finish(jobs[0], succeeded(jobs[0])) == "ended"


def test_a_worker_that_leaves_keeps_the_lease_of_what_it_spooled() -> None:
    tenant = make_tenant()
    for _ in range(2):
        submit_generation(tenant)
    worker = register()
    kept, given = claim(worker, 2)
    assert one("system", "SELECT worker_leave(%s, %s)", worker, [kept.id]) == 1
    assert (status(kept.id), status(given.id)) == ("running", "queued")
    assert events(given.id)[-1] == ("queued", "worker stopped")
    assert one("owner", "SELECT count(*) FROM generations_worker WHERE id = %s", worker) == 1
    assert finish(kept, succeeded(kept)) == "ended"
    assert one("system", "SELECT worker_leave(%s, '{}')", worker) == 0
    assert one("owner", "SELECT count(*) FROM generations_worker WHERE id = %s", worker) == 0


def test_what_a_worker_does_not_know_of_is_given_back_i1() -> None:
    """The answer of a claim was lost: the books say running, nobody runs it."""
    tenant = make_tenant()
    for _ in range(2):
        submit_generation(tenant)
    worker = register()
    known, unknown = claim(worker, 2)
    assert one("system", "SELECT worker_release(%s, 'claim lost', %s)", worker, [known.id]) == 1
    assert (status(known.id), status(unknown.id)) == ("running", "queued")
    assert events(unknown.id)[-1] == ("queued", "claim lost")
