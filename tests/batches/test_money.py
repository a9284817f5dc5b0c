"""What batches cost, and what happens where money is short."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pytest_django import Settings

from billing.prices.selectors import price_books_clear
from generations.batches import feeder
from generations.errors import ErrorCode
from generations.work.result import failure
from tests.batches.helpers import (
    batch_row,
    budget,
    counts,
    due,
    feed,
    items,
    run_all,
)
from tests.factories import make_batch, make_tenant, submit_generation
from tests.generations.helpers import (
    books_balance,
    claim,
    finish,
    one,
    register,
    rows,
    succeeded,
)

pytestmark = pytest.mark.usefixtures("quiet")


def test_a_live_batch_that_waits_for_money_keeps_no_test_batch_waiting() -> None:
    tenant = make_tenant()
    budget(tenant, 1)
    live, test = make_batch(tenant, "a cat", "a dog"), make_batch(tenant, "a cat", livemode=False)
    feed()
    assert [counts(batch) for batch in (live, test)] == [{"in_progress": 1, "waiting": 1}, {"in_progress": 1}]


def test_a_budget_without_room_is_waited_for_while_something_runs_and_then_fails_items_by_name() -> None:
    tenant = make_tenant()
    budget(tenant, 2, "requests")
    batch = make_batch(tenant, *["a cat"] * 4)
    feed()
    assert counts(batch) == {"in_progress": 2, "waiting": 2}
    assert batch_row(batch)["refused_at"] is not None
    feed()
    assert counts(batch) == {"in_progress": 2, "waiting": 2}
    run_all(register())
    feed()
    assert counts(batch) == {"succeeded": 2, "failed": 2}
    assert batch_row(batch)["status"] == "completed"
    error = items(batch)[3]["error"]
    assert (error["code"], error["status"]) == ("budget_exceeded", 403)
    assert (error["budget"]["metric"], Decimal(error["budget"]["limit"])) == ("requests", Decimal(2))
    books_balance(tenant)


def test_room_that_comes_back_is_used() -> None:
    tenant = make_tenant()
    budget(tenant, 2)
    batch = make_batch(tenant, *["a cat"] * 3)
    feed()
    for job in claim(register(), 9):
        assert finish(job, failure(job, ErrorCode.INTERNAL, "")) == "ended"
    feed()
    assert counts(batch) == {"failed": 2, "in_progress": 1}
    assert batch_row(batch)["refused_at"] is None


def test_an_item_that_no_budget_or_wallet_could_ever_hold_fails_at_once() -> None:
    tenant = make_tenant(balance="0.08")
    submit_generation(tenant, livemode=False)
    batch = make_batch(tenant, {"model": "gemini-3-pro-image", "input": "x"}, livemode=True)
    submit_generation(make_tenant())
    feed()
    assert counts(batch) == {"failed": 1}
    assert items(batch)[0]["error"]["code"] == "insufficient_balance"


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = make_tenant()
    budget(tenant, 1)
    batch = make_batch(tenant, "a cat", "a dog")
    feed()
    monkeypatch.setattr(feeder, "PATIENCE", feeder.PATIENCE * 0)
    feed()
    assert counts(batch) == {"in_progress": 1, "failed": 1}


def test_a_suspended_tenants_batches_wait() -> None:
    tenant = make_tenant()
    batch = make_batch(tenant, "a cat")
    rows("owner", "UPDATE accounts_tenant SET status = 'suspended' WHERE id = %s", tenant.id)
    assert [row for row in due() if row.tenant_id == tenant.id] == []
    rows("owner", "UPDATE accounts_tenant SET status = 'active' WHERE id = %s", tenant.id)
    feed()
    assert counts(batch) == {"in_progress": 1}


def test_a_test_keys_batch_costs_nothing() -> None:
    tenant = make_tenant(balance=0)
    batch = make_batch(tenant, "a cat", livemode=False)
    feed()
    assert run_all(register()) == 1
    assert counts(batch) == {"succeeded": 1}
    assert one("owner", "SELECT sum(amount) + sum(cost) FROM billing_charge WHERE tenant_id = %s", tenant.id) == 0


def test_price_and_cost_are_those_of_the_tier_it_runs_in(settings: Settings) -> None:
    """Half of both as soon as the upstream sells it so, and not before: nothing is sold below its cost."""
    tenant = make_tenant()
    costs = []
    for service_tier in ("", "flex"):
        settings.GEMINI_BATCH_SERVICE_TIER = service_tier
        price_books_clear()
        batch = make_batch(tenant, "a cat")
        feed()
        [job] = claim(register())
        costs.append((Decimal(job.prices["image_output"]["price"]), Decimal(job.prices["image_output"]["cost"])))
        finish(job, succeeded(job))
        assert counts(batch) == {"succeeded": 1}
    assert costs == [(Decimal(60), Decimal(60)), (Decimal(30), Decimal(30))]
