"""I3 and one count for each job, under random interleavings of everything that can happen to budgets."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.actor import SYSTEM
from accounts.models import ApiKey, Tenant
from billing.budgets.services import budget_delete, budget_update
from billing.errors import TooManyBudgets, ValuesInvalid
from billing.models import Budget
from cavendish.db.router import acting_as
from tests.billing.holds import Refused, days_pass, differences, end, keys_of, make_budget, take
from tests.factories import make_key, make_tenant
from tests.generations.helpers import in_threads, rows, watched

OVERRUN = "SELECT id FROM billing_budgetperiod WHERE tenant_id = %s AND hard AND used + held > cap"
ZONES = ("UTC", "Asia/Kathmandu", "Pacific/Kiritimati", "America/Phoenix")


class World:
    """One tenant, its key and its budgets, and what clients and people may do to them at random."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.tenant: Tenant = make_tenant(balance="1000000")
        self.key: ApiKey = make_key(self.tenant)[0]
        self.lock = threading.Lock()
        self.open: list[UUID] = []
        self.budgets: list[Budget] = []
        keys_of([self.tenant])
        for metric in ("money", "images", "tokens", "requests"):
            self.make(metric=metric)

    def roll(self, below: int) -> int:
        with self.lock:
            return self.dice.randrange(below)

    def pop(self) -> UUID | None:
        with self.lock:
            return self.open.pop(self.dice.randrange(len(self.open))) if self.open else None

    def budget(self) -> Budget | None:
        with self.lock:
            return self.dice.choice(self.budgets) if self.budgets else None

    def hold(self) -> None:
        with suppress(Refused):
            taken = take(
                self.tenant, amount=1 + self.roll(5), images=1 + self.roll(4), tokens=1 + self.roll(2000),
                key_id=self.key.id if self.roll(2) else None,
            )  # fmt: skip
            with self.lock:
                self.open.append(taken)

    def settle(self) -> None:
        if hold := self.pop():
            end(self.tenant, hold, amount=f"0.{self.roll(10)}", images=1 + self.roll(9), tokens=self.roll(4000))

    def release(self) -> None:
        if hold := self.pop():
            end(self.tenant, hold, amount=0, images=0, tokens=0)

    def make(self, metric: str = "") -> None:
        metric = metric or ("money", "images", "tokens", "requests")[self.roll(4)]
        scope = ("tenant", "key")[self.roll(2)]
        with suppress(TooManyBudgets):
            made = make_budget(
                self.tenant, 20 + self.roll(60) if metric != "tokens" else 40_000, metric=metric, scope=scope,
                scope_id=self.key.id if scope == "key" else self.tenant.id, period=("day", "total")[self.roll(2)],
                hard=self.roll(4) > 0, alerts=[50, 90],
            )  # fmt: skip
            with self.lock:
                self.budgets.append(made)

    def change(self) -> None:
        """Lowers, raises for good or for a moment, hardens or softens."""
        if budget := self.budget():
            now = timezone.now()
            values = (
                {"limit": Decimal(self.roll(40))},
                {"limit": Decimal(100 + self.roll(100))},
                {"raise_to": Decimal(10**6), "raise_until": now + timedelta(milliseconds=20 + self.roll(50))},
                {"hard": self.roll(2) == 0},
            )[self.roll(4)]
            with acting_as("operator"), suppress(ValuesInvalid):
                budget_update(tenant_id=self.tenant.id, budget_id=budget.id, actor=SYSTEM, values=values)

    def delete(self) -> None:
        if budget := self.budget():
            with acting_as("operator"):
                budget_delete(tenant_id=self.tenant.id, budget_id=budget.id, actor=SYSTEM)

    def next_day(self) -> None:
        days_pass(self.tenant)

    def move(self) -> None:
        with acting_as("operator"):
            Tenant.objects.filter(id=self.tenant.id).update(billing_timezone=ZONES[self.roll(len(ZONES))])

    def act(self) -> None:
        weights: tuple[tuple[Callable[[], None], int], ...] = (
            (self.hold, 40), (self.settle, 26), (self.release, 10), (self.make, 5), (self.change, 12),
            (self.delete, 3), (self.next_day, 2), (self.move, 2),
        )  # fmt: skip
        number = self.roll(sum(weight for _, weight in weights))
        for what, weight in weights:
            number -= weight
            if number < 0:
                what()
                return


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_whatever_happens_in_whatever_order_i3(seed: int) -> None:
    world = World(seed)
    with watched(lambda: rows("owner", OVERRUN, world.tenant.id)) as seen:
        in_threads(6, lambda _: world.act(), range(500))
    assert not any(seen)
    assert len(seen) > 20
    assert differences(world.tenant) == []
    while world.open:
        world.settle()
    assert differences(world.tenant) == []
    left = "SELECT sum(held) AS held FROM billing_budgetperiod WHERE tenant_id = %s"
    assert rows("owner", left, world.tenant.id) == [{"held": 0}]
    (wallet,) = rows("owner", "SELECT held FROM billing_wallet WHERE tenant_id = %s AND livemode", world.tenant.id)
    assert wallet["held"] == 0
    # what was told is told once
    twice = """SELECT subject, data->>'percent', data->>'resets_at' FROM events_event
               WHERE tenant_id = %s AND type = 'budget.threshold_reached' AND data->>'period' = 'total'
               GROUP BY 1, 2, 3 HAVING count(*) > 1"""
    assert rows("owner", twice, world.tenant.id) == []
