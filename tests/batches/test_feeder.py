"""Items of batches become jobs as there is room for them, each once."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from cavendish.db.router import acting_as
from generations.batches import feeder
from generations.batches.feeder import NATIVE, TAKEN, batch_work, item_feed
from generations.models import BatchItem, Priority
from tests.batches.helpers import (
    batch_row,
    counts,
    due,
    events,
    feed,
    generations,
    held,
    items,
    run_all,
)
from tests.factories import make_batch, make_tenant, submit_generation
from tests.generations.helpers import (
    books_balance,
    claim,
    generation,
    in_threads,
    register,
    rows,
    wallet,
)

pytestmark = pytest.mark.usefixtures("quiet")


def test_items_become_jobs_of_low_priority_at_the_batch_price() -> None:
    tenant = make_tenant()
    batch = make_batch(tenant, "a cat", "a dog")
    assert counts(batch) == {"waiting": 2}
    assert wallet(tenant)["held"] == 0
    feed()
    assert counts(batch) == {"in_progress": 2}
    for index, id in enumerate(generations(batch)):
        made = generation(id)
        assert (made["priority"], made["tier"], made["batch_index"]) == (Priority.BATCH, "batch", index)
        assert made["api_key_id"] == batch.api_key_id
    assert run_all(register()) == 2
    assert counts(batch) == {"succeeded": 2}
    row = batch_row(batch)
    assert (row["status"], row["finished_at"] is None) == ("completed", False)
    assert events(batch) == ["batch.created", "batch.completed"]
    books_balance(tenant)


def test_only_so_many_are_queued_at_once_and_only_these_hold_money(settings: Settings) -> None:
    settings.BATCH_AHEAD = 3
    tenant = make_tenant(queue_limit=1)
    batch = make_batch(tenant, *["a cat"] * 8)
    feed()
    assert counts(batch) == {"in_progress": 3, "waiting": 5}
    assert held(batch) == 3
    assert due() == []
    submit_generation(tenant)  # nor do they count against the limit of interactive ones
    worker = register()
    seen = 0
    while batch_row(batch)["finished_at"] is None:
        seen += run_all(worker)
        feed()
    assert seen == 9
    assert counts(batch) == {"succeeded": 8}
    books_balance(tenant)


def test_what_is_wrong_with_an_item_is_its_own_failure_and_costs_nothing() -> None:
    tenant = make_tenant()
    unknown = "file_" + "0" * 32
    batch = make_batch(
        tenant,
        {"model": "nonsense", "input": "x"},
        "a cat",
        {"model": "gemini-3.1-flash-image", "input": [{"type": "image", "file_id": unknown}]},
        {"model": "gemini-3.1-flash-image", "input": "x", "previous_generation_id": "gen_x"},
        {"model": "gemini-3.1-flash-image", "input": [{"type": "image", "data": "AAAA"}]},
    )
    feed()
    assert counts(batch) == {"failed": 4, "in_progress": 1}
    assert [item["error"] and item["error"]["errors"][0]["pointer"] for item in items(batch)] == [
        "/request/model", None, "/request/input/0/file_id", "/request/previous_generation_id", "/request/input/0/data",
    ]  # fmt: skip
    assert len(generations(batch)) == 1
    assert rows("owner", "SELECT 1 FROM generations_file WHERE tenant_id = %s", tenant.id) == []
    run_all(register())
    assert batch_row(batch)["status"] == "completed"


def test_a_batch_whose_every_item_failed_has_failed() -> None:
    batch = make_batch(make_tenant(), *[{"model": "nonsense", "input": "x"}] * 2)
    feed()
    assert counts(batch) == {"failed": 2}
    assert (batch_row(batch)["status"], events(batch)) == ("failed", ["batch.created", "batch.failed"])


def test_an_item_becomes_one_job_however_many_feed_it() -> None:
    """And wherever one of them dies: nothing between reading an item and the commit that makes its job is kept."""
    tenant = make_tenant(balance=1000)
    batch = make_batch(tenant, *(f"cat {number}" for number in range(24)))
    [held_by_a_dead_one] = [row for row in due() if row.tenant_id == tenant.id]
    batch_work(held_by_a_dead_one, NATIVE, is_stopping=lambda: True)  # as if killed after its first item
    assert counts(batch) == {"in_progress": 1, "waiting": 23}
    in_threads(4, lambda lease: batch_work(lease, NATIVE), [held_by_a_dead_one] * 4)
    assert counts(batch) == {"in_progress": 24}
    made = rows("owner", "SELECT batch_index FROM generations_generation WHERE batch_id = %s ORDER BY 1", batch.id)
    assert [row["batch_index"] for row in made] == list(range(24))
    assert held(batch) == 24


def test_a_feeder_that_comes_late_takes_nothing_back() -> None:
    tenant = make_tenant()
    batch = make_batch(tenant, "a cat")
    with acting_as("operator"):
        found: BatchItem = BatchItem.objects.get(batch_id=batch.id)
    feed()
    before = wallet(tenant)
    assert item_feed(batch, found, NATIVE) == TAKEN
    assert wallet(tenant) == before
    assert len(generations(batch)) == 1


def test_a_lot_ends_with_its_time_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeder, "LOT_SECONDS", 0.0)
    batch = make_batch(make_tenant(), *["a cat"] * 3)
    feed()
    assert counts(batch) == {"in_progress": 1, "waiting": 2}
    feed()
    assert counts(batch) == {"in_progress": 2, "waiting": 1}


def test_a_batch_is_leased_and_the_lease_runs_out() -> None:
    make_batch(make_tenant(), "a cat")
    assert len(feeder.batches_claim(9)) == 1
    assert feeder.batches_claim(9) == []
    assert len(due()) == 1


def test_tenants_are_fed_side_by_side_and_a_tenants_batches_one_after_the_other(settings: Settings) -> None:
    settings.BATCH_AHEAD = 2
    first, second = make_tenant(), make_tenant()
    batches = [make_batch(first, *["a cat"] * 3), make_batch(first, "a dog"), make_batch(second, "a bird")]
    feed()
    assert [counts(batch) for batch in batches] == [
        {"in_progress": 2, "waiting": 1},
        {"waiting": 1},
        {"in_progress": 1},
    ]
    worker = register()
    taken = [claim(worker)[0].tenant_id for _ in range(2)]
    assert set(taken) == {first.id, second.id}


def test_batches_take_what_interactive_jobs_leave() -> None:
    """They wait for interactive ones of every tenant, and never keep a tenant's own from its limit."""
    tenant = make_tenant(concurrency_limit=2)
    batch = make_batch(tenant, *["a cat"] * 4)
    feed()
    worker = register()
    assert [job.is_batch for job in claim(worker, 9)] == [True, True]
    interactive = [submit_generation(tenant) for _ in range(3)]
    assert [job.id for job in claim(worker, 9)] == interactive[:2]
    assert claim(worker, 9) == []
    assert counts(batch) == {"in_progress": 4}


def test_a_worker_keeps_places_for_interactive_jobs() -> None:
    tenant = make_tenant()
    make_batch(tenant, *["a cat"] * 4)
    feed()
    worker = register()
    assert len(claim(worker, 9, batch=3)) == 3
    assert claim(worker, 9, batch=0) == []
    submit_generation(tenant)
    assert len(claim(worker, 9, batch=0)) == 1
