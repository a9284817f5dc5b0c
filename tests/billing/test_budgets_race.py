"""A thousand jobs at once against a budget for a hundred (I3), and what would happen without the lock."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from accounts.models import Tenant
from billing.errors import BudgetExceeded
from cavendish.db.functions import function_files
from tests.billing.holds import Refused, differences, end, keys_of, make_budget, take, use
from tests.factories import make_tenant, queue_clear, submit_generation
from tests.generations.helpers import in_threads, one, rows, watched

CONNECTIONS = 16


def attempt(tenant: Tenant, **options: Any) -> UUID | None:
    try:
        return take(tenant, **options)
    except Refused:
        return None


@pytest.mark.parametrize("metric", ["requests", "images"])
def test_of_a_thousand_at_once_a_budget_for_a_hundred_takes_a_hundred_i3(metric: str) -> None:
    tenant = make_tenant()
    keys_of([tenant])
    budget = make_budget(tenant, 100, metric=metric)

    def look() -> bool:
        query = "SELECT used + held <= cap AS fits FROM billing_budgetperiod WHERE budget_id = %s"
        return bool(one("owner", query, budget.id))

    with watched(look) as seen:
        made = in_threads(CONNECTIONS, lambda _: attempt(tenant), range(1000))
    accepted = [hold for hold in made if hold is not None]
    assert len(accepted) == 100
    assert all(seen)
    assert len(seen) > 10
    assert use(budget) == (0, 100)
    # what was refused left nothing, what was accepted is all there
    assert one("owner", "SELECT count(*) FROM billing_hold WHERE tenant_id = %s", tenant.id) == 100
    assert in_threads(CONNECTIONS, lambda hold: end(tenant, hold), accepted).count(True) == 100
    assert use(budget) == (100, 0)
    assert differences(tenant) == []


def test_whole_submissions_race_for_a_budget_like_their_holds_do_i3() -> None:
    tenant = make_tenant()
    keys_of([tenant])
    make_budget(tenant, 20, metric="requests", period="day")
    submit_generation(make_tenant())

    def submit(_: int) -> bool:
        try:
            return bool(submit_generation(tenant))
        except BudgetExceeded:
            return False

    assert in_threads(CONNECTIONS, submit, range(120)).count(True) == 20
    assert one("owner", "SELECT count(*) FROM generations_generation WHERE tenant_id = %s", tenant.id) == 20
    queue_clear()


def test_without_the_row_lock_and_the_check_more_would_be_accepted() -> None:
    """The twin: the product's own function, but it reads the budget without locking it."""
    (path,) = (file for file in function_files() if file.name == "hold_reserve.sql")
    text = without_guard(path)
    tenant = make_tenant()
    keys_of([tenant])
    budget = make_budget(tenant, 20, metric="requests")
    # which takes the CHECK away too
    rows("owner", "UPDATE billing_budgetperiod SET hard = false WHERE budget_id = %s", budget.id)
    rows("owner", text)
    try:
        made = in_threads(CONNECTIONS, lambda _: attempt(tenant, function="hold_take_unguarded"), range(100))
    finally:
        rows("owner", "DROP FUNCTION hold_take_unguarded")
    accepted = sum(hold is not None for hold in made)
    assert accepted > 20
    assert use(budget) == (0, accepted)


def without_guard(path: Path) -> str:
    text = path.read_text()
    for was, becomes in (
        ("FUNCTION hold_reserve(", "FUNCTION hold_take_unguarded("),
        ("ORDER BY p.id FOR UPDATE OF p) l;", ") l; PERFORM pg_sleep(0.005);"),
        ("bool_and(NOT l.hard OR ", "bool_and("),
        ("p.hard AND p.used", "p.used"),
    ):
        assert text.count(was) == 1, was
        text = text.replace(was, becomes)
    return text


def test_the_check_is_the_last_word_on_a_budget_i3() -> None:
    tenant = make_tenant()
    budget = make_budget(tenant, 3)
    with pytest.raises(Exception, match="budget_period_within_cap"):
        rows("owner", "UPDATE billing_budgetperiod SET held = 4 WHERE budget_id = %s", budget.id)
    with pytest.raises(Exception, match="budget_period_not_negative"):
        rows("owner", "UPDATE billing_budgetperiod SET used = -1 WHERE budget_id = %s", budget.id)
