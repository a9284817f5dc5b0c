"""A budget that is made in mid-period counts every job once, whatever happens meanwhile."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections

from accounts.actor import SYSTEM
from accounts.members.services import membership_create
from accounts.models import Role, Tenant, User
from billing.budgets.services import MOST, budget_delete
from billing.errors import TooManyBudgets, ValuesInvalid
from billing.models import Budget
from cavendish.db.ids import new_id
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from tests.billing.holds import (
    Refused,
    days_pass,
    differences,
    end,
    keys_of,
    make_budget,
    periods,
    take,
    use,
    used,
)
from tests.factories import key_of, make_key, make_tenant
from tests.generations.helpers import in_threads, one, rows


@pytest.mark.parametrize("period", ["day", "week", "month", "total"])
def test_a_new_budget_begins_with_what_is_used_and_held(period: str) -> None:
    tenant = make_tenant()
    used(tenant, count=3, images=2)
    running = take(tenant, images=4)
    end(tenant, take(tenant), images=0)  # released: counts nowhere
    budget = make_budget(tenant, 100, period=period)
    # `total` counts from its making on, and what still runs settles into it
    assert use(budget) == ((0 if period == "total" else 3), 4)
    end(tenant, running, images=3)
    assert use(budget) == ((3 if period == "total" else 6), 0)
    assert differences(tenant) == []


@pytest.mark.parametrize(
    ("metric", "expected"),
    [("money", (Decimal("0.75"), Decimal(2))), ("images", (1, 2)), ("tokens", (900, 7)), ("requests", (1, 1))],
)
def test_each_metric_has_its_own_sum(metric: str, expected: tuple[object, object]) -> None:
    tenant = make_tenant()
    # more than was held is never counted
    end(tenant, take(tenant, amount=1, images=1, tokens=900), amount="0.75", images=5, tokens=5000)
    take(tenant, amount=2, images=2, tokens=7)
    budget = make_budget(tenant, 10_000, metric=metric)
    last = periods(budget)[-1]
    assert (last["used"], last["held"]) == expected


def test_keys_and_members_count_their_own_jobs_only() -> None:
    tenant = make_tenant()
    key, _ = make_key(tenant)
    with acting_as("operator"):
        person = User.objects.db_manager("operator").create_user(f"{tenant.slug}@example.com")
        membership_create(tenant=tenant, user=person, role=Role.DEVELOPER)
    member = person.id
    used(tenant)
    used(tenant, count=2, key_id=key.id)
    used(tenant, count=4, member_id=member)
    of_key = make_budget(tenant, 3, scope="key", scope_id=key.id)
    of_member = make_budget(tenant, 5, scope="member", scope_id=member)
    assert (use(of_key), use(of_member), use(make_budget(tenant, 9))) == ((2, 0), (4, 0), (7, 0))
    take(tenant, member_id=member)
    with pytest.raises(Refused) as caught:
        take(tenant, member_id=member)
    assert caught.value.refusal["budget_id"] == str(of_member.id)
    take(tenant, key_id=key.id)
    with pytest.raises(Refused):
        take(tenant, key_id=key.id)
    assert differences(tenant) == []


def test_what_another_period_held_does_not_count() -> None:
    tenant = make_tenant()
    used(tenant, count=2)
    late = take(tenant)
    days_pass(tenant)
    used(tenant)
    daily = make_budget(tenant, 10, period="day")
    assert use(daily) == (1, 0)
    end(tenant, late)  # accepted yesterday
    assert use(daily) == (1, 0)
    assert differences(tenant) == []


def test_a_new_period_begins_at_nothing_and_the_old_one_keeps_its_jobs() -> None:
    tenant = make_tenant()
    daily, total = make_budget(tenant, 3, period="day"), make_budget(tenant, 4, period="total")
    used(tenant, count=2)
    late = take(tenant)
    with pytest.raises(Refused):
        take(tenant)
    days_pass(tenant)
    take(tenant)
    yesterday, today = periods(daily)
    assert (yesterday["used"], yesterday["held"], today["used"], today["held"]) == (2, 1, 0, 1)
    end(tenant, late)
    yesterday, today = periods(daily)
    assert (yesterday["used"], yesterday["held"], today["used"], today["held"]) == (3, 0, 0, 1)
    assert len(periods(total)) == 1
    assert use(total) == (3, 1)
    assert differences(tenant) == []


def churn(tenant: Tenant, stop: Callable[[], bool], seed: int) -> None:
    """Takes and ends holds, in any order, until told to stop."""
    dice = random.Random(seed)
    open_holds: list[UUID] = []
    while not stop() or open_holds:
        if open_holds and (stop() or dice.random() < 0.5):
            end(tenant, open_holds.pop(dice.randrange(len(open_holds))), images=dice.randrange(3))
        else:
            open_holds.append(take(tenant, images=2))


def race(tenant: Tenant, seed: int) -> list[Budget]:
    """Budgets are made, one after the other, while three clients take and end holds."""
    keys_of([tenant])
    made: list[Budget] = []
    done = threading.Event()

    def work(number: int) -> None:
        if number:
            churn(tenant, done.is_set, seed + number)
            return
        try:
            made.extend(make_budget(tenant, 10**6) for _ in range(MOST))
        finally:
            done.set()

    in_threads(4, work, range(4))
    return made


def test_no_job_is_missed_or_counted_twice_while_budgets_are_made() -> None:
    tenant = make_tenant()
    budgets = race(tenant, seed=7)
    assert differences(tenant) == []
    # all of one period and metric: whenever they were made, in the end they say the same
    assert len({use(budget) for budget in budgets}) == 1
    assert use(budgets[0])[0] > 0
    assert use(budgets[0])[1] == 0


def test_without_the_lock_jobs_would_be_missed() -> None:
    """The twin: the same, with a lock that locks nothing."""
    definition = one("owner", "SELECT pg_get_functiondef('budgets_lock'::regproc)")
    nothing = """CREATE OR REPLACE FUNCTION budgets_lock(p_tenant uuid, p_alone boolean) RETURNS void
                 LANGUAGE plpgsql AS $$ BEGIN NULL; END $$"""
    rows("owner", nothing)
    try:
        for seed in range(20):
            tenant = make_tenant()
            race(tenant, seed)
            if differences(tenant):
                break
        else:
            pytest.fail("The race did not show; the test of the lock proves nothing.")
    finally:
        rows("owner", definition)


def test_a_budget_that_is_made_waits_for_a_job_that_did_not_see_it() -> None:
    tenant = make_tenant()
    keys_of([tenant])
    held, go = threading.Event(), threading.Event()

    def job() -> None:
        with tenant_context(tenant.id), connection.cursor() as cursor:
            cursor.execute(
                "SELECT hold_reserve(%s, %s, true, %s, NULL, 0, 'USD', 3, 1, '{}')",
                [tenant.id, new_id(), key_of(tenant.id, True)],
            )
            held.set()
            assert go.wait(20)
        connections.close_all()

    def make() -> Budget:
        assert held.wait(20)
        try:
            return make_budget(tenant, 5)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        taking, making = threads.submit(job), threads.submit(make)
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while not one("owner", waiting):
            assert not making.done()
        go.set()
        taking.result()
        assert use(making.result()) == (0, 3)


def test_a_tenant_has_so_many_budgets_of_one_scope() -> None:
    tenant = make_tenant()
    for _ in range(MOST):
        last = make_budget(tenant, 1)
    with pytest.raises(TooManyBudgets):
        make_budget(tenant, 1)
    key, _ = make_key(tenant)
    make_budget(tenant, 1, scope="key", scope_id=key.id)
    with acting_as("operator"):
        assert budget_delete(tenant_id=tenant.id, budget_id=last.id, actor=SYSTEM)
    make_budget(tenant, 1)


@pytest.mark.parametrize("scope", ["tenant", "key", "member"])
def test_what_is_limited_must_be_the_tenants_own(scope: str) -> None:
    tenant, other = make_tenant(), make_tenant()
    (foreign, _), (test_key, _) = make_key(other), make_key(tenant, livemode=False)
    for scope_id in (other.id, foreign.id, test_key.id, uuid4()):
        with pytest.raises(ValuesInvalid) as caught:
            make_budget(tenant, 1, scope=scope, scope_id=scope_id)
        assert [(error.pointer, error.code) for error in caught.value.errors] == [("/scope_id", "unknown")]
    assert rows("owner", "SELECT 1 FROM billing_budget WHERE tenant_id = %s", tenant.id) == []
