"""Whatever happens in whatever order, the books agree: wallet = sum of entries, each transaction sums to zero (I4)."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError
from django.utils import timezone

from accounts.actor import SYSTEM
from accounts.models import Tenant
from billing.charges.services import charge_refund
from billing.credits.services import credit_grant, credits_expire
from billing.errors import BillingRefused
from billing.models import Charge, Credit
from billing.plans.services import plan_create
from billing.plans.terms import PlanTerms
from billing.wallets.services import wallet_adjust, wallet_credit_limit_set, wallet_top_up
from cavendish.db.router import acting_as
from generations.errors import ErrorCode, GenerationRefused
from generations.services import generation_cancel
from generations.work.result import failure
from tests.factories import make_tenant, submit_generation
from tests.generations.helpers import books_balance, claim, finish, in_threads, register, rows
from tests.generations.helpers import succeeded as succeeded_in_full

pytestmark = pytest.mark.usefixtures("quiet")

AGREE = """
    SELECT
        w.balance = (SELECT coalesce(sum(amount), 0) FROM billing_ledgerentry e
                     WHERE e.tenant_id = w.tenant_id AND e.account = 'wallet' AND e.livemode) AS balance,
        w.held = (SELECT coalesce(sum(amount), 0) FROM billing_hold h
                  WHERE h.tenant_id = w.tenant_id AND h.status = 'held' AND h.livemode) AS held,
        w.held >= 0 AND w.held <= w.balance + w.credit_limit AS covered,
        NOT EXISTS (SELECT 1 FROM billing_ledgerentry e WHERE e.tenant_id = w.tenant_id
                    GROUP BY e.transaction_id HAVING sum(amount) <> 0) AS balanced,
        NOT EXISTS (SELECT 1 FROM billing_credit c WHERE c.tenant_id = w.tenant_id AND c.remaining <>
                    (SELECT sum(amount) FROM billing_ledgerentry e WHERE e.credit_id = c.id)) AS credits,
        (SELECT coalesce(sum(amount), 0) FROM billing_ledgerentry e
         WHERE e.tenant_id = w.tenant_id AND account = 'revenue')
            = (SELECT coalesce(sum(amount), 0) FROM billing_charge c WHERE c.tenant_id = w.tenant_id) AS revenue,
        NOT EXISTS (SELECT 1 FROM billing_charge c WHERE c.tenant_id = w.tenant_id AND c.amount <
                    (SELECT coalesce(sum(e.amount), 0) FROM billing_ledgerentry e
                     JOIN billing_ledgertransaction t ON t.id = e.transaction_id AND t.kind = 'refund'
                     WHERE t.generation_id = c.generation_id AND e.account = 'wallet')) AS refunds,
        NOT EXISTS (SELECT 1 FROM billing_allowance a WHERE a.tenant_id = w.tenant_id
                    AND (a.used, a.held) <> (SELECT coalesce(sum(u.used), 0),
                                                    coalesce(sum(u.held) FILTER (WHERE u.used IS NULL), 0)
                                             FROM billing_allowanceuse u WHERE u.allowance_id = a.id)) AS allowance
    FROM billing_wallet w WHERE w.tenant_id = %s AND w.livemode
"""


def agree(tenant: Tenant, done: object) -> None:
    (found,) = rows("owner", AGREE, tenant.id)
    assert all(found.values()), f"after {done}: {found}"


class Chance:
    """Operations on one tenant, drawn by chance. What the services refuse is a part of it."""

    def __init__(self, tenant: Tenant, seed: int) -> None:
        self.tenant, self.draw = tenant, random.Random(seed)
        self.operations: list[Callable[[], Any]] = [
            self.top_up, self.adjust, self.grant, self.expire, self.limit, self.refund,
            self.submit, self.submit, self.submit, self.cancel, self.end, self.end, self.end,
        ]  # fmt: skip

    def amount(self, low: float, high: float) -> Decimal:
        return Decimal(f"{self.draw.uniform(low, high):.{self.draw.choice((0, 2, 9))}f}")

    def step(self) -> str:
        operation = self.draw.choice(self.operations)
        try:
            operation()
        except (BillingRefused, GenerationRefused) as refusal:
            return f"{operation.__name__}, refused: {refusal}"
        return operation.__name__

    def money(self, service: Callable[..., Any], **values: Any) -> None:
        with acting_as("operator"):
            service(tenant_id=self.tenant.id, actor=SYSTEM, **values)

    def top_up(self) -> None:
        self.money(wallet_top_up, amount=self.amount(0, 1), reason="x")

    def adjust(self) -> None:
        self.money(wallet_adjust, amount=self.amount(-1, 1), reason="x")

    def limit(self) -> None:
        self.money(wallet_credit_limit_set, credit_limit=self.amount(0, 1))

    def grant(self) -> None:
        days = self.draw.choice((None, 1, 30))
        expires = timezone.now() + timedelta(days=days) if days else None
        self.money(credit_grant, amount=self.amount(0, 0.3), expires_at=expires, reason="x")

    def expire(self) -> None:
        with acting_as("operator"):
            mine = Credit.objects.filter(tenant_id=self.tenant.id, remaining__gt=0).order_by("id").values_list("id")
            if mine:
                chosen = self.draw.choice(list(mine))[0]
                Credit.objects.filter(id=chosen).update(expires_at=timezone.now() - timedelta(seconds=1))
        credits_expire()

    def refund(self) -> None:
        with acting_as("operator"):
            charged = list(Charge.objects.filter(tenant_id=self.tenant.id, amount__gt=0).values_list("generation_id"))
        if charged:
            amount = self.draw.choice((None, self.amount(0, 0.1)))
            self.money(charge_refund, generation_id=self.draw.choice(charged)[0], amount=amount, reason="x")

    def submit(self) -> UUID:
        return submit_generation(self.tenant)

    def cancel(self) -> None:
        found = rows(
            "owner", "SELECT id FROM generations_generation WHERE tenant_id = %s AND status = 'queued'", self.tenant.id
        )
        if found:
            chosen = self.draw.choice(found)["id"]
            generation_cancel(tenant_id=self.tenant.id, generation_id=chosen, livemode=True)

    def end(self) -> None:
        for job in claim(register(), 1):
            match self.draw.randrange(4):
                case 0:
                    result = failure(job, ErrorCode.SAFETY_BLOCKED, "blocked")
                case 1:
                    result = succeeded_in_full(job, image=400_000)  # beyond the hold
                case _:
                    result = succeeded_in_full(job, image=self.draw.randrange(1120))
                    result["charge"]["images"] = 1
            assert finish(job, result) == "ended"


def tenant_of_chance() -> Tenant:
    terms = PlanTerms(included_images=4, included_credit=Decimal("0.2"))
    with acting_as("operator"):
        plan = plan_create(slug=f"p-{secrets.token_hex(6)}", name="Plus", currency="USD", terms=terms, actor=SYSTEM)
    return make_tenant(balance="0.5", plan=plan, concurrency_limit=100)


@pytest.mark.parametrize("seed", [1, 20261125])
def test_random_operations_leave_the_books_in_order(seed: int) -> None:
    tenant = tenant_of_chance()
    chance = Chance(tenant, seed)
    done = []
    for _ in range(250):
        done.append(chance.step())
        agree(tenant, done[-5:])
    assert len({name.partition(",")[0] for name in done}) >= 8


def test_random_operations_side_by_side_leave_the_books_in_order() -> None:
    tenant = tenant_of_chance()

    def run(seed: int) -> list[str]:
        chance = Chance(tenant, seed)
        return [chance.step() for _ in range(60)]

    done = in_threads(6, run, range(6))
    agree(tenant, done)
    # everything ends, and then nothing is held
    chance = Chance(tenant, 0)
    while rows("owner", "SELECT 1 FROM billing_hold WHERE tenant_id = %s AND status = 'held'", tenant.id):
        chance.end()
    agree(tenant, done)
    books_balance(tenant)


@pytest.mark.parametrize("column", ["balance", "held"])
def test_a_wallet_that_disagrees_is_found(column: str) -> None:
    """The check itself can fail."""
    tenant = tenant_of_chance()
    rows(
        "owner",
        f"UPDATE billing_wallet SET {column} = {column} + 0.000000001 WHERE tenant_id = %s AND livemode",
        tenant.id,
    )
    with pytest.raises(AssertionError, match="False"):
        agree(tenant, "a slip")


def test_the_database_refuses_a_balance_that_does_not_cover_its_holds() -> None:
    tenant = tenant_of_chance()
    with pytest.raises(DatabaseError):
        rows(
            "owner",
            "UPDATE billing_wallet SET held = balance + 0.000000001 WHERE tenant_id = %s AND livemode",
            tenant.id,
        )
