"""Why a claim locks its tenants' rows: two claims that overlap, with the lock and, the twin, without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext

import psycopg
import pytest
from django.db import connections

from accounts.models import Tenant
from cavendish.db.pool import conninfo
from generations.models import Priority
from tests.factories import key_of, make_tenant, submit_generation
from tests.generations.helpers import PLENTY, claim, one, register
from tests.races import function_without, until, waited_for

pytestmark = pytest.mark.usefixtures("quiet")
LOCK = "PERFORM 1 FROM accounts_tenant t WHERE t.id = ANY (tenants) ORDER BY t.id FOR NO KEY UPDATE;"
LIMIT = 2


def without_the_lock() -> AbstractContextManager[None]:
    return function_without("generation_claim", (LOCK, ""))


def running(tenant: Tenant) -> int:
    query = "SELECT count(*) FROM generations_generation WHERE tenant_id = %s AND status = 'running'"
    return int(one("owner", query, tenant.id))


def two_claims(meanwhile: Callable[[], object]) -> None:
    """A claim of LIMIT jobs that commits once a second, begun after `meanwhile`, has ended or waits for the first."""
    with psycopg.connect(conninfo("system")) as first, ThreadPoolExecutor(1) as threads:
        first.execute("SELECT id FROM generation_claim(%s, %s, %s, true, 32, 600)", [register(), LIMIT, PLENTY])
        meanwhile()
        second = threads.submit(closing, lambda: claim(register(), 32))
        until(lambda: second.done() or waited_for(first))
        first.commit()
        second.result(timeout=30)


def closing(work: Callable[[], object]) -> None:
    try:
        work()
    finally:
        connections.close_all()


@pytest.mark.parametrize(
    ("guard", "total"), [(nullcontext, LIMIT), (without_the_lock, 2 * LIMIT)], ids=["locked", "twin"]
)
def test_items_of_batches_get_what_interactive_jobs_leave(
    guard: Callable[[], AbstractContextManager[None]], total: int
) -> None:
    """The first claim takes all interactive jobs; the second, by a worker with more room, would skip those and find the
    tenant's whole limit free for items of batches."""
    tenant = make_tenant(concurrency_limit=LIMIT)
    for priority in (Priority.INTERACTIVE, Priority.BATCH):
        for _ in range(LIMIT):
            submit_generation(tenant, priority=priority)
    with guard():
        two_claims(lambda: None)
    assert running(tenant) == total


@contextmanager
def accepted_late(tenant: Tenant) -> Iterator[Callable[[], None]]:
    """A job whose acceptance has begun and waits at the wallet; call what this gives to let it commit."""
    key_of(tenant.id, True)
    query = "SELECT 1 FROM billing_wallet WHERE tenant_id = %s AND livemode FOR UPDATE"
    with psycopg.connect(conninfo("owner")) as holder, ThreadPoolExecutor(1) as threads:
        holder.execute(query, [tenant.id])
        submission: Future[None] = threads.submit(closing, lambda: submit_generation(tenant))
        until(lambda: waited_for(holder))

        def commit() -> None:
            holder.commit()
            submission.result(timeout=30)

        yield commit


@pytest.mark.parametrize(
    ("guard", "total"), [(nullcontext, LIMIT), (without_the_lock, LIMIT + 1)], ids=["locked", "twin"]
)
def test_a_job_that_commits_late_finds_no_room_of_others(
    guard: Callable[[], AbstractContextManager[None]], total: int
) -> None:
    """A job's time is that of its acceptance's beginning: one that commits between two claims may be the oldest.

    The second claim's first candidates are then other jobs than the first claim's, so to skip locked rows does not
    keep it from the room that the first has used.
    """
    tenant = make_tenant(concurrency_limit=LIMIT)
    with accepted_late(tenant) as commit, guard():
        for _ in range(LIMIT):
            submit_generation(tenant, livemode=False)  # costs nothing, so it does not wait at the wallet
        two_claims(commit)
    assert running(tenant) == total
