"""No budget is ever overrun (I3): holds of many jobs at once, on a wallet and on budgets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from accounts.actor import SYSTEM
from accounts.models import Tenant
from billing.errors import BudgetExceeded, InsufficientBalance
from billing.models import Budget
from billing.wallets.services import wallet_top_up
from cavendish.db.router import acting_as
from generations.contracts import GenerationResult
from generations.work.job import Job
from tests.factories import make_key, make_tenant, queue_clear, submit_generation
from tests.generations.helpers import (
    books_balance,
    claim,
    finish,
    in_threads,
    one,
    register,
    rows,
    succeeded,
    wallet,
    watched,
)
from tests.races import function_without

pytestmark = pytest.mark.usefixtures("quiet")
HOLDS = "SELECT count(*) FROM billing_hold WHERE tenant_id = %s"


@pytest.fixture(scope="module")
def price() -> Decimal:
    """What is held for one generation of these tests."""
    tenant = make_tenant()
    amount = one("owner", "SELECT amount FROM billing_hold WHERE generation_id = %s", submit_generation(tenant))
    queue_clear()
    return Decimal(amount)


def top_up(tenant: Tenant, amount: Decimal) -> None:
    with acting_as("operator"):
        wallet_top_up(tenant_id=tenant.id, amount=amount, reason="Test", actor=SYSTEM)


def submit_many(tenant: Tenant, count: int, **options: Any) -> list[UUID | None]:
    """Submits from 12 threads; None for each that was refused."""

    def submit(_: int) -> UUID | None:
        try:
            return submit_generation(tenant, **options)
        except (BudgetExceeded, InsufficientBalance):
            return None

    submit_generation(make_tenant())  # caches are warm, so the threads meet at the wallet
    return in_threads(12, submit, range(count))


def test_a_wallet_for_fifty_accepts_fifty_of_two_hundred_at_once_i3(price: Decimal) -> None:
    tenant = make_tenant(balance=0)
    # all but the last digit of a fifty-first
    top_up(tenant, 51 * price - Decimal("0.000000001"))

    def look() -> bool:
        (row,) = rows(
            "owner", "SELECT held <= balance AS fits FROM billing_wallet WHERE tenant_id = %s AND livemode", tenant.id
        )
        return bool(row["fits"])

    with watched(look) as seen:
        made = submit_many(tenant, 200)
    assert sum(id is not None for id in made) == 50
    assert all(seen)
    assert len(seen) > 10
    assert wallet(tenant)["held"] == 50 * price
    # What was refused left nothing behind.
    assert one("owner", HOLDS, tenant.id) == 50
    assert one("owner", "SELECT count(*) FROM generations_generation WHERE tenant_id = %s", tenant.id) == 50
    queue_clear()
    assert wallet(tenant)["held"] == 0
    books_balance(tenant)


def test_without_the_guard_more_would_be_accepted(price: Decimal) -> None:
    """The twin: the function reads the wallet and writes what it computed, as an ORM would.

    That loses updates, which is also how it gets past the CHECK.
    """
    tenant = make_tenant(balance=0)
    top_up(tenant, 5 * price)
    read_first = (
        "UPDATE billing_wallet SET held = held + p_amount",
        """PERFORM set_config('twin.held', (SELECT w.held FROM billing_wallet w
                                            WHERE w.tenant_id = p_tenant AND w.livemode = p_livemode)::text, true);
        PERFORM pg_sleep(0.2);
        UPDATE billing_wallet SET held = p_amount + current_setting('twin.held')::numeric""",
    )
    with function_without("hold_reserve", read_first):
        made = submit_many(tenant, 24)
    assert sum(id is not None for id in made) > 5
    # as it would be without the lost updates, for the holds are released at the end
    total = "(SELECT sum(amount) FROM billing_hold h WHERE h.tenant_id = w.tenant_id AND h.status = 'held')"
    rows(
        "owner",
        f"UPDATE billing_wallet w SET held = {total}, credit_limit = {total} WHERE tenant_id = %s AND livemode",
        tenant.id,
    )
    queue_clear()
    books_balance(tenant)


def test_the_check_is_the_last_word_on_a_wallet_i3(price: Decimal) -> None:
    tenant = make_tenant(balance=0)
    top_up(tenant, price)
    with pytest.raises(Exception, match="wallet_covers_holds"):
        rows("owner", "UPDATE billing_wallet SET held = held + %s WHERE tenant_id = %s", price * 2, tenant.id)


def generous(job: Job) -> GenerationResult:
    """More pictures and tokens than were held for: what counts must not depend on the upstream."""
    result = succeeded(job, image=20_000)
    return {**result, "charge": {**result["charge"], "images": 5}}


@pytest.mark.parametrize("metric", ["money", "images", "tokens", "requests"])
def test_a_hard_budget_is_never_overrun_i3(price: Decimal, metric: str) -> None:
    """`used + held <= cap` at every moment, while jobs are accepted, end and fail at once."""
    tenant = make_tenant(concurrency_limit=1000)
    tokens = Decimal(
        one(
            "owner",
            "SELECT tokens FROM billing_hold WHERE amount = %s ORDER BY created_at DESC LIMIT 1",
            price,
        )
    )
    each = {"money": price, "images": Decimal(1), "tokens": tokens, "requests": Decimal(1)}[metric]
    with acting_as("operator"):
        budget = Budget.objects.create(
            tenant=tenant, scope="tenant", scope_id=tenant.id, period="day", metric=metric, limit=20 * each
        )
    done = False

    def look() -> tuple[Decimal, Decimal]:
        found = rows("owner", "SELECT used, held, cap FROM billing_budgetperiod WHERE budget_id = %s", budget.id)
        for row in found:
            assert row["used"] + row["held"] <= row["cap"]
        return (found[0]["used"], found[0]["held"]) if found else (Decimal(0), Decimal(0))

    def run(_: int) -> None:
        worker = register()
        while not done:
            for job in claim(worker, 2):
                finish(job, generous(job))

    def both(task: int) -> list[UUID | None] | None:
        nonlocal done
        if task:
            run(task)
            return None
        try:
            return submit_many(tenant, 60)
        finally:
            done = True

    with watched(look) as seen:
        made = in_threads(3, both, range(3))[0]
    assert made is not None
    accepted = sum(id is not None for id in made)
    assert accepted == 20
    worker = register()
    while jobs := claim(worker, 32):
        for job in jobs:
            assert finish(job, generous(job)) == "ended"
    used, held = look()
    assert (used, held) == (20 * each, Decimal(0))
    assert max(held for _, held in seen) > 0
    books_balance(tenant)


def test_all_budgets_are_held_or_none_i3(price: Decimal) -> None:
    tenant = make_tenant()
    key, _ = make_key(tenant)
    with acting_as("operator"):
        wide = Budget.objects.create(
            tenant=tenant, scope="tenant", scope_id=tenant.id, period="total", metric="requests", limit=10
        )
        narrow = Budget.objects.create(
            tenant=tenant, scope="key", scope_id=key.id, period="month", metric="requests", limit=2
        )
    accepted = [id for id in submit_many(tenant, 6, key_id=key.id) if id is not None]
    assert len(accepted) == 2
    held = "SELECT coalesce(sum(held), 0) FROM billing_budgetperiod WHERE budget_id = %s"
    assert (one("owner", held, wide.id), one("owner", held, narrow.id)) == (2, 2)
    assert len([id for id in submit_many(tenant, 12) if id is not None]) == 8
    assert (one("owner", held, wide.id), one("owner", held, narrow.id)) == (10, 2)
    with pytest.raises(BudgetExceeded) as caught:
        submit_generation(tenant)
    assert caught.value.refusal["budget_id"] == str(wide.id)
    queue_clear()
    assert (one("owner", held, wide.id), one("owner", held, narrow.id)) == (0, 0)
    assert submit_generation(tenant, key_id=key.id)


def test_a_soft_budget_counts_and_refuses_nothing(price: Decimal) -> None:
    tenant = make_tenant()
    with acting_as("operator"):
        budget = Budget.objects.create(
            tenant=tenant, scope="tenant", scope_id=tenant.id, period="week", metric="images", limit=1, hard=False
        )
    assert None not in submit_many(tenant, 5)
    assert one("owner", "SELECT held FROM billing_budgetperiod WHERE budget_id = %s", budget.id) == 5


def test_test_jobs_hold_no_money(price: Decimal) -> None:
    tenant = make_tenant(balance=0)
    assert submit_generation(tenant, livemode=False)
    assert wallet(tenant, livemode=False) == {"balance": 0, "held": 0}
    with pytest.raises(InsufficientBalance):
        submit_generation(tenant)
