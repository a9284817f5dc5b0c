"""Who is claimed next, and how many at once."""

from __future__ import annotations

import threading
import time
from uuid import UUID, uuid4

import pytest
from django.db import ProgrammingError, connections

from generations.models import Priority
from tests.factories import make_tenant, submit_generation
from tests.generations.helpers import (
    claim,
    claim_one,
    events,
    finish,
    generation,
    in_threads,
    one,
    register,
    rows,
    succeeded,
    watched,
)

pytestmark = pytest.mark.usefixtures("quiet")


def test_a_tenant_with_one_job_does_not_wait_behind_three_hundred() -> None:
    crowd, single = make_tenant(concurrency_limit=4), make_tenant()
    for _ in range(300):
        submit_generation(crowd)
    worker = register()
    assert [job.tenant_id for job in claim(worker, 2)] == [crowd.id, crowd.id]
    wanted = submit_generation(single)
    assert claim_one(worker).id == wanted


def test_a_full_tenant_gets_no_further_claim() -> None:
    tenant = make_tenant(concurrency_limit=3)
    ids = [submit_generation(tenant) for _ in range(5)]
    worker = register()
    jobs = claim(worker, 32)
    assert {job.id for job in jobs} == set(ids[:3])
    assert claim(worker, 32) == []
    assert finish(jobs[0], succeeded(jobs[0])) == "ended"
    assert [job.id for job in claim(worker, 32)] == [ids[3]]


def test_weights_share_the_claims() -> None:
    heavy, light = make_tenant(weight=3), make_tenant(weight=1)
    for _ in range(12):
        submit_generation(light)
        submit_generation(heavy)
    worker = register()
    taken = [claim_one(worker).tenant_id for _ in range(8)]
    assert (taken.count(heavy.id), taken.count(light.id)) == (6, 2)


def test_one_claim_of_many_shares_as_many_claims_of_one() -> None:
    heavy, light = make_tenant(weight=3), make_tenant(weight=1)
    for _ in range(12):
        submit_generation(light)
        submit_generation(heavy)
    taken = [job.tenant_id for job in claim(register(), 8)]
    assert (taken.count(heavy.id), taken.count(light.id)) == (6, 2)


def test_batch_comes_after_interactive_of_every_tenant() -> None:
    first, second = make_tenant(), make_tenant()
    batch = submit_generation(first, priority=Priority.BATCH)
    interactive = [submit_generation(second) for _ in range(3)]
    worker = register()
    assert [claim_one(worker).id for _ in range(4)] == [*interactive, batch]


def test_a_job_of_a_tenant_is_taken_in_the_order_of_acceptance() -> None:
    tenant = make_tenant()
    ids = [submit_generation(tenant) for _ in range(4)]
    worker = register()
    assert [claim_one(worker).id for _ in range(4)] == ids


def test_one_claim_gives_them_in_that_order_whatever_plan_is_chosen() -> None:
    tenant = make_tenant(concurrency_limit=40)
    ids = [submit_generation(tenant) for _ in range(40)]
    rows("owner", "UPDATE generations_generation SET run_after = run_after - i * interval '1 second' "
         "FROM unnest(%s) WITH ORDINALITY AS o (id, i) WHERE generations_generation.id = o.id", ids)  # fmt: skip
    assert [job.id for job in claim(register(), 40)] == ids[::-1]


def test_a_job_that_shall_come_later_is_left() -> None:
    tenant = make_tenant()
    job = submit_generation(tenant)
    rows("owner", "UPDATE generations_generation SET run_after = now() + interval '1 hour' WHERE id = %s", job)
    assert claim(register()) == []


def test_bytes_bound_what_is_claimed_but_an_idle_worker_takes_one() -> None:
    tenant = make_tenant()
    for _ in range(3):
        submit_generation(tenant)
    each = int(one("owner", "SELECT max(estimated_bytes) FROM generations_generation WHERE tenant_id = %s", tenant.id))
    worker = register()
    assert claim(worker, 3, room=each - 1, idle=False) == []
    assert len(claim(worker, 3, room=each - 1, idle=True)) == 1
    assert len(claim(worker, 3, room=each, idle=False)) == 1


def test_a_claim_counts_the_attempt_and_says_so() -> None:
    submit_generation(make_tenant())
    name = uuid4().hex
    job = claim_one(register(name))
    assert job.attempt == 1
    register(name)  # the next process of that name frees it
    again = claim_one(register())
    assert (again.id, again.attempt) == (job.id, 2)
    assert again.lease_token != job.lease_token
    assert generation(job.id)["failures"] == 0
    assert events(job.id) == [
        ("queued", "accepted"),
        ("running", "claimed"),
        ("queued", "worker restarted"),
        ("running", "claimed"),
    ]


def test_eight_claimers_never_exceed_a_tenants_limit_i1() -> None:
    """And take every job once (I1). What the lock is needed for stands in test_claim_races."""
    tenant = make_tenant(concurrency_limit=5, balance=1000)
    ids = [submit_generation(tenant) for _ in range(60)]
    taken: list[UUID] = []

    def running() -> int:
        return int(
            one(
                "owner",
                "SELECT count(*) FROM generations_generation WHERE tenant_id = %s AND status = 'running'",
                tenant.id,
            )
        )

    failed = threading.Event()  # else the others would wait for ever for what one of them has

    def work(_: int) -> None:
        worker = register()
        try:
            while len(taken) < len(ids) and not failed.is_set():
                for job in claim(worker, 4):
                    taken.append(job.id)
                    time.sleep(0.005)
                    assert finish(job, succeeded(job)) == "ended"
        except BaseException:
            failed.set()
            raise

    with watched(running) as seen:
        in_threads(8, work, range(8))
    assert sorted(taken) == sorted(ids)
    assert max(seen) == 5


def test_the_system_role_sees_no_table() -> None:
    for table in ("generations_generation", "generations_generationcontent", "generations_worker", "billing_wallet"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            rows("system", f"SELECT * FROM {table}")
    connections["system"].close()
