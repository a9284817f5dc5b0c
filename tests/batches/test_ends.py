"""How batches end: canceled, expired, erased; and that their counts stay right whoever comes when."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.actor import SYSTEM
from billing.reconcile import Scope
from cavendish.db.ids import new_id
from cavendish.db.router import acting_as
from cavendish.storage import objects
from generations.batches.services import batch_cancel, batch_delete, batch_inputs_erase
from generations.errors import NotCancelable, NotFinished
from generations.models import Batch, File
from generations.reconcile import jobs_checks
from generations.services import generation_cancel
from generations.upkeep.retention import contents_expire, files_expire
from generations.upkeep.sweep import sweep
from tests.batches.helpers import (
    batch_row,
    budget,
    counts,
    events,
    expire,
    fed,
    feed,
    generations,
    held,
    items,
    run_all,
)
from tests.factories import make_batch, make_tenant
from tests.generations.helpers import (
    books_balance,
    claim,
    finish,
    generation,
    in_threads,
    register,
    rows,
    status,
    succeeded,
    wallet,
)

pytestmark = pytest.mark.usefixtures("quiet")


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


def test_the_deadline_of_an_item_counts_from_its_start() -> None:
    batch = make_batch(make_tenant(), {"model": "gemini-3.1-flash-image", "input": "a cat", "deadline": 30})
    feed()
    [id] = generations(batch)
    assert (generation(id)["deadline_at"] - timezone.now()).total_seconds() > 80_000
    [job] = claim(register(), seconds=600)
    assert 25 < job.seconds_left <= 30


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
            elif fed(batches[0]) > 10:
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
