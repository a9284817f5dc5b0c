"""Items of batches become jobs as there is room and money for them, each once."""

from __future__ import annotations

import time
from contextlib import suppress
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.actor import SYSTEM
from accounts.models import Tenant
from billing.models import Budget
from billing.reconcile import Scope
from cavendish.db.ids import new_id
from cavendish.db.router import acting_as
from cavendish.storage import objects
from generations.batches import feeder
from generations.batches.feeder import NATIVE, TAKEN, batch_work, item_feed
from generations.batches.services import batch_cancel, batch_delete, batch_inputs_erase
from generations.errors import NotCancelable, NotFinished
from generations.models import Batch, BatchItem, File, Priority
from generations.reconcile import jobs_checks
from generations.services import generation_cancel
from generations.sweep import contents_expire, files_expire, sweep
from tests.batches.helpers import batch_row, counts, due, events, expire, feed, generations, held, items
from tests.factories import make_batch, make_tenant, submit_generation
from tests.generations.helpers import (
    books_balance,
    claim,
    finish,
    generation,
    in_threads,
    one,
    register,
    rows,
    status,
    succeeded,
    wallet,
)

pytestmark = pytest.mark.usefixtures("quiet")


def run_all(worker: UUID, limit: int = 100) -> int:
    """Ends all that is queued, well. Answers how many."""
    jobs = claim(worker, limit)
    for job in jobs:
        assert finish(job, succeeded(job)) == "ended"
    return len(jobs)


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


def test_an_item_becomes_one_job_however_many_feed_it() -> None:
    """And wherever one of them dies: nothing between reading an item and the commit that makes its job is kept."""
    tenant = make_tenant(balance=1000)
    batch = make_batch(tenant, *(f"cat {number}" for number in range(24)))
    [held_by_a_dead_one] = due()
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


def test_a_live_batch_that_waits_for_money_keeps_no_test_batch_waiting() -> None:
    tenant = make_tenant()
    budget(tenant, 1)
    live, test = make_batch(tenant, "a cat", "a dog"), make_batch(tenant, "a cat", livemode=False)
    feed()
    assert [counts(batch) for batch in (live, test)] == [{"in_progress": 1, "waiting": 1}, {"in_progress": 1}]


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


def budget(tenant: Tenant, limit: Decimal | int, metric: str = "images") -> None:
    with acting_as("operator"):
        Budget.objects.create(
            tenant=tenant, scope="tenant", scope_id=tenant.id, period="month", metric=metric, limit=Decimal(limit)
        )


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
        nothing = {**succeeded(job), "status": "failed", "error": {"code": "internal", "message": ""}}
        nothing["charge"] |= {"status": "not_charged", "amount": "0", "images": 0, "records": [], "lines": []}
        assert finish(job, nothing) == "ended"
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
    assert due() == []
    rows("owner", "UPDATE accounts_tenant SET status = 'active' WHERE id = %s", tenant.id)
    feed()
    assert counts(batch) == {"in_progress": 1}


def test_canceling_stops_what_has_not_started_and_lets_the_rest_end(settings: Settings) -> None:
    settings.BATCH_AHEAD = 2
    tenant = make_tenant()
    batch = make_batch(tenant, *["a cat"] * 5)
    feed()
    worker = register()
    [job] = claim(worker)
    found = batch_cancel(tenant_id=tenant.id, batch_id=batch.id, livemode=True, actor=SYSTEM)
    assert found is not None
    assert found.status == "canceling"
    assert counts(batch) == {"in_progress": 1, "canceled": 4}
    assert held(batch) == 1
    assert claim(worker, 9) == []
    assert [task.task for task in feed()] == ["wind_down"]
    assert finish(job, succeeded(job)) == "ended"
    assert counts(batch) == {"succeeded": 1, "canceled": 4}
    assert batch_row(batch)["status"] == "canceled"
    assert events(batch) == ["batch.created", "batch.canceled"]
    books_balance(tenant)
    with pytest.raises(NotCancelable):
        batch_cancel(tenant_id=tenant.id, batch_id=batch.id, livemode=True, actor=SYSTEM)


def test_a_cancel_that_died_half_way_is_completed() -> None:
    batch = make_batch(make_tenant(), "a cat")
    rows(
        "owner",
        "UPDATE generations_batch SET status = 'canceling', cancel_requested_at = now() WHERE id = %s",
        batch.id,
    )
    feed()
    assert counts(batch) == {"canceled": 1}
    assert batch_row(batch)["status"] == "canceled"


def test_a_job_given_back_after_its_batch_was_canceled_ends() -> None:
    tenant = make_tenant()
    batch = make_batch(tenant, "a cat")
    feed()
    name = "worker-of-a-canceled-batch"
    claim(register(name))
    batch_cancel(tenant_id=tenant.id, batch_id=batch.id, livemode=True, actor=SYSTEM)
    register(name)  # the next process of that name gives it back
    feed()
    assert batch_row(batch)["status"] == "canceled"
    assert counts(batch) == {"canceled": 1}


def test_what_has_not_started_in_time_expires_uncharged(settings: Settings) -> None:
    settings.BATCH_AHEAD = 2
    tenant = make_tenant()
    batch = make_batch(tenant, *["a cat"] * 4)
    feed()
    [job] = claim(register())
    expire(batch)
    rows("owner", "UPDATE generations_generation SET deadline_at = now() + interval '1 h' WHERE id = %s", job.id)
    feed()
    assert counts(batch) == {"in_progress": 1, "expired": 3}
    assert {item["error"]["code"] for item in items(batch)[2:]} == {"expired"}
    assert finish(job, succeeded(job)) == "ended"
    assert batch_row(batch)["status"] == "expired"
    assert events(batch)[-1] == "batch.expired"
    books_balance(tenant)


def test_queued_items_whose_day_is_over_are_no_alarm() -> None:
    tenant = make_tenant()
    batch = make_batch(tenant, "a cat", "a dog")
    feed()
    expire(batch)
    assert claim(register(), 9) == []
    found = sweep()
    assert (found["lapsed"], found["expired"]) == (2, 0)
    assert counts(batch) == {"expired": 2}
    assert batch_row(batch)["status"] == "expired"
    assert wallet(tenant) == {"balance": 100, "held": 0}


def test_a_started_item_has_as_long_as_any_job() -> None:
    batch = make_batch(make_tenant(), "a cat")
    feed()
    [id] = generations(batch)
    assert (generation(id)["deadline_at"] - timezone.now()).total_seconds() > 80_000
    [job] = claim(register(), seconds=600)
    assert 590 < job.seconds_left <= 600


def test_only_an_ended_batch_can_be_erased() -> None:
    tenant = make_tenant()
    batch = make_batch(tenant, "a cat")
    erase: dict[str, Any] = {"tenant_id": tenant.id, "batch_id": batch.id, "livemode": True, "actor": SYSTEM}
    with pytest.raises(NotFinished):
        batch_delete(**erase)
    feed()
    run_all(register())
    [made] = generations(batch)
    assert batch_delete(**erase)
    assert not batch_delete(**erase)
    assert items(batch) == []
    assert not there(batch)
    assert status(made) == "succeeded"


def there(batch: Batch) -> bool:
    path = objects().local_path(batch.input_key)
    return path is not None and path.exists()


def test_what_was_sent_inline_is_erased_with_the_batchs_end() -> None:
    batch = make_batch(make_tenant(), "a cat")
    feed()
    batch_inputs_erase()
    assert there(batch)
    run_all(register())
    batch_inputs_erase()
    assert not there(batch)
    assert batch_row(batch)["input_key"] == ""
    assert batch_inputs_erase() == 0


def test_a_test_keys_batch_costs_nothing() -> None:
    tenant = make_tenant(balance=0)
    batch = make_batch(tenant, "a cat", livemode=False)
    feed()
    assert run_all(register()) == 1
    assert counts(batch) == {"succeeded": 1}
    assert one("owner", "SELECT sum(amount) + sum(cost) FROM billing_charge WHERE tenant_id = %s", tenant.id) == 0


def test_thousands_are_made_by_a_few_statements() -> None:
    tenant = make_tenant()
    with CaptureQueriesContext(connection) as queries:
        batch = make_batch(tenant, *[{}] * 10_000)
    assert len(queries) < 25
    assert counts(batch) == {"waiting": 10_000}
    with CaptureQueriesContext(connection) as queries:
        batch_cancel(tenant_id=tenant.id, batch_id=batch.id, livemode=True, actor=SYSTEM)
    assert len(queries) < 25
    assert counts(batch) == {"canceled": 10_000}


def test_feeding_ending_and_canceling_at_once_keep_the_counts_and_never_wait_in_a_ring() -> None:
    """Rows are locked in the order item, budgets, wallet, batch, whoever comes. A ring would raise DeadlockDetected."""
    tenant = make_tenant(balance=1000)
    budget(tenant, 1000)
    budget(tenant, 1000, "requests")
    batches = [make_batch(tenant, *["a cat"] * 30) for _ in range(2)]
    worker = register()
    over = time.monotonic() + 20

    def work(kind: str) -> None:
        while any(batch_row(batch)["finished_at"] is None for batch in batches):
            assert time.monotonic() < over
            if kind == "feed":
                feed()
            elif kind == "end":
                run_all(worker, 3)
            elif counts_fed(batches[0]) > 10:
                with suppress(NotCancelable):
                    batch_cancel(tenant_id=tenant.id, batch_id=batches[0].id, livemode=True, actor=SYSTEM)
            else:
                time.sleep(0.005)

    in_threads(6, work, ["feed", "feed", "end", "end", "end", "cancel"])
    assert batch_row(batches[0])["status"] == "canceled"
    assert counts(batches[1]) == {"succeeded": 30}
    assert sum(counts(batches[0]).values()) == 30
    books_balance(tenant)
    checks = {check.name: check for check in jobs_checks()}
    with connections["owner"].cursor() as cursor:
        cursor.execute(checks["batches"].sql, Scope(tenant_id=tenant.id).values())
        assert cursor.fetchall() == []


def counts_fed(batch: Batch) -> int:
    return int(batch_row(batch)["fed"])


def test_another_tenants_or_modes_batch_is_none() -> None:
    tenant = make_tenant()
    batch: Batch = make_batch(tenant, "a cat")
    for tenant_id, livemode in ((make_tenant().id, True), (tenant.id, False)):
        assert batch_cancel(tenant_id=tenant_id, batch_id=batch.id, livemode=livemode, actor=SYSTEM) is None
        assert not batch_delete(tenant_id=tenant_id, batch_id=batch.id, livemode=livemode, actor=SYSTEM)
    assert counts(batch) == {"waiting": 1}


def test_an_item_whose_generation_is_canceled_is_canceled() -> None:
    tenant = make_tenant()
    batch = make_batch(tenant, "a cat", "a dog")
    feed()
    generation_cancel(tenant_id=tenant.id, generation_id=generations(batch)[0], livemode=True)
    run_all(register())
    assert counts(batch) == {"canceled": 1, "succeeded": 1}
    assert batch_row(batch)["status"] == "completed"


def test_the_file_of_a_batch_outlives_its_time_and_what_was_not_to_be_stored_the_batch() -> None:
    tenant = make_tenant()
    batch = make_batch(tenant, {"model": "gemini-3.1-flash-image", "input": "x", "store": False}, "a cat")
    file = new_id()
    with acting_as("operator"):
        File.objects.create(
            id=file, tenant=tenant, livemode=True, source="upload", mime_type="application/jsonl", bytes=1,
            sha256="0" * 64, storage_key=f"tenants/{tenant.id.hex}/files/{file.hex}", expires_at=timezone.now(),
        )  # fmt: skip
    rows("owner", "UPDATE generations_batch SET input_file = %s WHERE id = %s", file, batch.id)
    feed()
    unstored, other = generations(batch)
    worker = register()
    run_all(worker, 1)
    rows("owner", "UPDATE generations_generation SET finished_at = now() - interval '2 h' WHERE id = %s", unstored)
    contents_expire()
    files_expire()
    assert generation(unstored)["deleted_at"] is None
    assert rows("owner", "SELECT 1 FROM generations_file WHERE id = %s AND deleted_at IS NULL", file)
    run_all(worker)
    rows("owner", "UPDATE generations_batch SET finished_at = now() - interval '25 h' WHERE id = %s", batch.id)
    contents_expire()
    files_expire()
    assert generation(unstored)["deleted_at"] is not None
    assert generation(other)["deleted_at"] is None
    assert rows("owner", "SELECT 1 FROM generations_file WHERE id = %s AND deleted_at IS NULL", file) == []


def test_the_cost_is_that_of_the_tier_it_runs_in(settings: Settings) -> None:
    """The tenant pays the batch price either way."""
    tenant = make_tenant()
    costs = []
    for service_tier in ("", "flex"):
        settings.GEMINI_BATCH_SERVICE_TIER = service_tier
        batch = make_batch(tenant, "a cat")
        feed()
        [job] = claim(register())
        costs.append((job.prices["image_output"]["price"], Decimal(job.prices["image_output"]["cost"])))
        finish(job, succeeded(job))
        assert counts(batch) == {"succeeded": 1}
    assert costs[0][0] == costs[1][0]
    assert costs[0][1] == 2 * costs[1][1] == 2 * Decimal(costs[1][0])
