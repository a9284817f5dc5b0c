"""Limits that are lowered and raised, for good and for a time, while jobs run; and what a plan brings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.models import AuditEvent
from billing.budgets.services import budget_create, budget_delete, budget_update, default_budgets_apply
from billing.errors import BudgetNotYours, ValuesInvalid
from billing.models import Budget
from billing.plans.services import plan_ensure
from cavendish.db.ids import new_id
from cavendish.db.router import acting_as
from tests.billing.holds import Refused, differences, end, make_budget, periods, take, use, used
from tests.factories import make_tenant
from tests.generations.helpers import rows

KEY = Actor("key", new_id(), "cvd_live_test")


def change(budget: Budget, **values: Any) -> Budget:
    with acting_as("operator"):
        changed = budget_update(tenant_id=budget.tenant_id, budget_id=budget.id, actor=SYSTEM, values=values)
    assert changed is not None
    return changed


def test_a_lowered_limit_takes_nothing_back_and_gives_nothing_more() -> None:
    tenant = make_tenant()
    budget = make_budget(tenant, 10)
    used(tenant, count=4)
    running = take(tenant, images=5)
    change(budget, limit=Decimal(6))
    (row,) = periods(budget)
    assert (row["used"], row["held"], row["cap"]) == (4, 5, 9)
    # most of what was held comes free; it is not given out again above the new limit
    end(tenant, running, images=1)
    take(tenant)
    with pytest.raises(Refused) as caught:
        take(tenant)
    assert (caught.value.refusal["limit"], caught.value.refusal["used"]) == ("6.000000000", "5.000000000")
    (row,) = periods(budget)
    assert (row["used"], row["held"], row["cap"]) == (5, 1, 6)
    assert differences(tenant) == []


def test_a_raised_limit_holds_at_once() -> None:
    tenant = make_tenant()
    budget = make_budget(tenant, 1)
    take(tenant)
    with pytest.raises(Refused):
        take(tenant)
    change(budget, limit=Decimal(2))
    take(tenant)
    assert use(budget) == (0, 2)


def test_a_timed_raise_ends_by_itself() -> None:
    tenant = make_tenant()
    budget = make_budget(tenant, 1)
    change(budget, raise_to=Decimal(3), raise_until=timezone.now() + timedelta(hours=1))
    for _ in range(3):
        running = take(tenant)
    with pytest.raises(Refused) as caught:
        take(tenant)
    assert caught.value.refusal["limit"] == "3.000000000"
    end(tenant, running, images=0)
    # the hour passes
    rows("owner", "UPDATE billing_budget SET raise_until = now() - interval '1 second' WHERE id = %s", budget.id)
    with pytest.raises(Refused) as caught:
        take(tenant)
    assert caught.value.refusal["limit"] == "1.000000000"
    assert use(budget) == (0, 2)
    # and any change tidies up what is over
    changed = change(budget, limit=Decimal(5))
    assert (changed.raise_to, changed.raise_until) == (None, None)


@pytest.mark.parametrize(
    ("values", "pointers"),
    [
        ({"raise_to": Decimal(20)}, ["/raise_until"]),
        ({"raise_until": timedelta(hours=1)}, ["/raise_to"]),
        ({"raise_to": Decimal(10), "raise_until": timedelta(hours=1)}, ["/raise_to"]),
        ({"raise_to": Decimal(20), "raise_until": timedelta(seconds=-1)}, ["/raise_until"]),
        ({"raise_to": Decimal(9), "raise_until": timedelta(days=400)}, ["/raise_to", "/raise_until"]),
    ],
)
def test_a_raise_that_is_none_is_refused(values: dict[str, Any], pointers: Sequence[str]) -> None:
    budget = make_budget(make_tenant(), 10)
    if "raise_until" in values:
        values = {**values, "raise_until": timezone.now() + values["raise_until"]}
    with pytest.raises(ValuesInvalid) as caught:
        change(budget, **values)
    assert [error.pointer for error in caught.value.errors] == pointers


def test_a_soft_budget_counts_and_can_become_hard() -> None:
    tenant = make_tenant()
    budget = make_budget(tenant, 2, hard=False)
    used(tenant, count=3)
    take(tenant)
    change(budget, hard=True)
    assert periods(budget)[0]["cap"] == 4
    with pytest.raises(Refused):
        take(tenant)
    change(budget, hard=False)
    take(tenant)
    assert use(budget) == (3, 2)


def test_a_deleted_budget_stops_and_lets_its_jobs_end() -> None:
    tenant = make_tenant()
    budget = make_budget(tenant, 1)
    running = take(tenant)
    with acting_as("operator"):
        assert budget_delete(tenant_id=tenant.id, budget_id=budget.id, actor=SYSTEM)
        assert not budget_delete(tenant_id=tenant.id, budget_id=budget.id, actor=SYSTEM)
    take(tenant)
    assert end(tenant, running)
    assert use(budget) == (1, 0)


def test_what_an_operator_set_the_tenant_cannot_touch() -> None:
    tenant = make_tenant()
    budget = make_budget(tenant, 1)
    for attempt in (
        lambda: budget_update(tenant_id=tenant.id, budget_id=budget.id, actor=KEY, values={"limit": Decimal(9)}),
        lambda: budget_delete(tenant_id=tenant.id, budget_id=budget.id, actor=KEY),
    ):
        with pytest.raises(BudgetNotYours):
            attempt()
    own = budget_create(
        tenant_id=tenant.id, actor=KEY, livemode=True, scope="tenant", scope_id=tenant.id, period="day",
        metric="images", limit=Decimal(5),
    )  # fmt: skip
    assert not own.set_by_operator
    changed = budget_update(tenant_id=tenant.id, budget_id=own.id, actor=KEY, values={"limit": Decimal(9)})
    assert changed is not None
    assert budget_delete(tenant_id=tenant.id, budget_id=own.id, actor=KEY)


def test_every_change_is_in_the_audit_and_an_event() -> None:
    budget = make_budget(make_tenant(), 1)
    change(budget, limit=Decimal(2))
    change(budget, limit=Decimal(2))  # changes nothing
    with acting_as("operator"):
        budget_delete(tenant_id=budget.tenant_id, budget_id=budget.id, actor=SYSTEM)
        seen = list(AuditEvent.objects.filter(target_id=budget.id.hex).order_by("id"))
    assert [event.action for event in seen] == ["budget.created", "budget.changed", "budget.deleted"]
    assert (seen[1].before, seen[1].after) == ({"limit": "1.000000000"}, {"limit": "2"})
    events = rows("owner", "SELECT type FROM events_event WHERE subject = %s ORDER BY id", budget.id)
    assert [event["type"] for event in events] == ["budget.created", "budget.changed", "budget.deleted"]


def test_a_plan_brings_budgets_and_another_plan_changes_them_in_place() -> None:
    tenant = make_tenant()
    used(tenant, count=2)
    with acting_as("operator"):
        small, large = (plan_ensure(slug=f"{tenant.slug}-{name}", name=name) for name in ("small", "large"))
        first = [
            {"period": "month", "metric": "images", "limit": 3, "alerts": [80]},
            {"period": "day", "metric": "money", "limit": "5.00", "hard": False},
        ]
        images, money = default_budgets_apply(tenant_id=tenant.id, plan_id=small.id, terms=first)
        own = make_budget(tenant, 50)
        assert images.set_by_operator
        assert use(images) == (2, 0)
        take(tenant)
        with pytest.raises(Refused):
            take(tenant)
        (larger,) = default_budgets_apply(
            tenant_id=tenant.id, plan_id=large.id, terms=[{"period": "month", "metric": "images", "limit": 10}]
        )
        assert (larger.id, larger.plan_id) == (images.id, large.id)
        assert (larger.limit, larger.alerts) == (Decimal(10), [])
        assert use(images) == (2, 1)
        live = set(Budget.objects.filter(tenant_id=tenant.id, deleted_at=None).values_list("id", flat=True))
    assert live == {images.id, own.id}
    assert money.id not in live
