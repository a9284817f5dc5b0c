"""The end of a job: fenced, once, and terminal (I1, I2)."""

from __future__ import annotations

import json
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connections, transaction

from accounts.models import Tenant
from cavendish.db.tenancy import tenant_context
from generations.errors import ErrorCode, NotCancelable
from generations.services import generation_cancel
from generations.work.job import Job
from generations.work.result import cancellation, failure
from tests.factories import make_tenant, submit_generation
from tests.generations.helpers import (
    books_balance,
    claim_one,
    events,
    finish,
    generation,
    one,
    register,
    rows,
    status,
    succeeded,
    wallet,
)

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant()


@pytest.fixture
def job(tenant: Tenant, quiet: None) -> Job:
    submit_generation(tenant)
    return claim_one(register())


def sqlstate(error: BaseException) -> str:
    return str(getattr(error.__cause__, "sqlstate", ""))


def charges(id: UUID) -> list[Decimal]:
    return [row["amount"] for row in rows("owner", "SELECT amount FROM billing_charge WHERE generation_id = %s", id)]


def test_a_job_ends_once_and_is_charged_once_i2(tenant: Tenant, job: Job) -> None:
    result = succeeded(job)
    assert wallet(tenant)["held"] == job.hold_amount
    assert finish(job, result) == "ended"
    assert finish(job, result) == "already"
    assert status(job.id) == "succeeded"
    assert charges(job.id) == [Decimal(result["charge"]["amount"])]
    assert wallet(tenant) == {"balance": 100 - Decimal(result["charge"]["amount"]), "held": 0}
    assert events(job.id)[-1] == ("succeeded", "answered")
    books_balance(tenant)


def test_another_token_or_attempt_is_refused(job: Job) -> None:
    assert finish(job, succeeded(job), token=uuid4()) == "lost"
    assert finish(job, succeeded(job), attempt=job.attempt + 1) == "lost"
    assert status(job.id) == "running"
    assert charges(job.id) == []


def test_a_late_answer_is_taken_while_nobody_else_has_the_job(tenant: Tenant, job: Job) -> None:
    """It was bought: taking it is cheaper than buying another one."""
    rows("owner", "SELECT worker_release(worker, 'worker lost') FROM generations_generation WHERE id = %s", job.id)
    assert status(job.id) == "queued"
    assert finish(job, succeeded(job)) == "ended"
    assert status(job.id) == "succeeded"
    books_balance(tenant)


def test_a_late_answer_is_refused_when_somebody_else_has_the_job_i2(tenant: Tenant, job: Job) -> None:
    rows("owner", "SELECT worker_release(worker, 'worker lost') FROM generations_generation WHERE id = %s", job.id)
    again = claim_one(register())
    assert again.id == job.id
    assert finish(job, succeeded(job)) == "lost"
    assert finish(again, succeeded(again)) == "ended"
    assert finish(job, succeeded(job)) == "lost"
    assert len(charges(job.id)) == 1
    books_balance(tenant)


def test_a_charge_above_its_hold_is_impossible_i2(tenant: Tenant, job: Job) -> None:
    result = succeeded(job)
    result["charge"]["amount"] = str(job.hold_amount + Decimal("0.000000001"))
    with pytest.raises(DatabaseError) as caught:
        finish(job, result)
    assert sqlstate(caught.value) == "CV003"
    assert status(job.id) == "running"
    assert wallet(tenant) == {"balance": 100, "held": job.hold_amount}


def test_what_comes_beyond_the_hold_is_absorbed_i2(tenant: Tenant, job: Job) -> None:
    result = succeeded(job, image=1_000_000)
    assert Decimal(result["charge"]["absorbed"]) > 0
    assert finish(job, result) == "ended"
    assert charges(job.id) == [job.hold_amount]
    assert wallet(tenant) == {"balance": 100 - job.hold_amount, "held": 0}
    books_balance(tenant)


def test_a_second_charge_is_impossible_i2(tenant: Tenant, job: Job) -> None:
    result = succeeded(job)
    assert finish(job, result) == "ended"
    charge = {
        **result["charge"],
        "attempt": 1,
        "api_key_id": str(generation(job.id)["api_key_id"]),
        "model": job.model,
        "image_size": "1K",
    }
    with tenant_context(tenant.id), pytest.raises(IntegrityError), transaction.atomic():
        one("default", "SELECT charge_settle(%s, %s, %s::jsonb)", tenant.id, job.id, json.dumps(charge))
    assert len(charges(job.id)) == 1
    books_balance(tenant)


@pytest.mark.parametrize("revived", ["queued", "running", "failed", "canceled"])
def test_terminal_means_terminal_whoever_writes_i1(job: Job, revived: str) -> None:
    assert finish(job, succeeded(job)) == "ended"
    for alias in ("owner", "operator"):
        with pytest.raises(DatabaseError) as caught:
            rows(alias, "UPDATE generations_generation SET status = %s WHERE id = %s", revived, job.id)
        assert sqlstate(caught.value) == "CV004"
    assert status(job.id) == "succeeded"


@pytest.mark.parametrize("table", ["billing_ledgerentry", "billing_ledgertransaction"])
@pytest.mark.parametrize("alias", ["owner", "operator", "default"])
def test_the_ledger_is_append_only_i4(tenant: Tenant, job: Job, table: str, alias: str) -> None:
    assert finish(job, succeeded(job)) == "ended"
    for change in (f"UPDATE {table} SET livemode = false", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        with tenant_context(tenant.id), pytest.raises(DatabaseError) as caught, transaction.atomic(using=alias):
            rows(alias, change)
        # refused by the trigger, or already for want of the right
        assert sqlstate(caught.value) in {"CV001", "42501"}, change
        assert alias != "owner" or sqlstate(caught.value) == "CV001"


def test_a_ledger_transaction_that_does_not_sum_to_zero_cannot_commit_i4(tenant: Tenant) -> None:
    entry = uuid4()
    unbalanced = """
        WITH made AS (
            INSERT INTO billing_ledgertransaction (id, tenant_id, livemode, kind, reason, actor)
            VALUES (%s, %s, true, 'adjustment', '', 'test') RETURNING id, tenant_id)
        INSERT INTO billing_ledgerentry (tenant_id, transaction_id, account, livemode, amount, currency)
        SELECT tenant_id, id, account, true, amount, 'USD'
        FROM made, (VALUES ('wallet', 0.3), ('revenue', -0.299999999)) AS sides (account, amount)"""
    with pytest.raises(DatabaseError) as caught:
        rows("owner", unbalanced, entry, tenant.id)
    assert sqlstate(caught.value) == "CV002"
    assert one("owner", "SELECT count(*) FROM billing_ledgerentry WHERE transaction_id = %s", entry) == 0


def test_a_job_given_back_is_fenced_too(tenant: Tenant, job: Job) -> None:
    requeue = "SELECT generation_requeue(%s, %s, %s, 30, 'upstream_busy', 1)"
    assert one("default", requeue, job.tenant_id, job.id, uuid4()) is False
    assert one("default", requeue, job.tenant_id, job.id, job.lease_token) is True
    assert one("default", requeue, job.tenant_id, job.id, job.lease_token) is False
    row = generation(job.id)
    assert (row["status"], row["failures"], row["worker"]) == ("queued", 1, None)
    assert (row["run_after"] - row["created_at"]).total_seconds() == pytest.approx(30, abs=2)
    assert events(job.id)[-1] == ("queued", "upstream_busy")
    assert wallet(tenant)["held"] == job.hold_amount  # still held: it will run


def test_a_queued_job_is_canceled_at_once_and_free(tenant: Tenant) -> None:
    id = submit_generation(tenant)
    assert generation_cancel(tenant_id=tenant.id, generation_id=id, livemode=True) == "queued"
    assert (status(id), charges(id)) == ("canceled", [Decimal(0)])
    assert generation_cancel(tenant_id=tenant.id, generation_id=id, livemode=True) == "canceled"
    assert events(id) == [("queued", "accepted"), ("canceled", "canceled_before_start")]
    assert wallet(tenant) == {"balance": 100, "held": 0}
    books_balance(tenant)


def test_a_running_job_is_asked_to_stop_twice_and_ends_once(tenant: Tenant, job: Job) -> None:
    for _ in range(2):
        assert generation_cancel(tenant_id=tenant.id, generation_id=job.id, livemode=True) == "running"
    row = generation(job.id)
    worker = row["worker"]
    assert row["cancel_requested_at"] is not None
    assert one("system", "SELECT worker_heartbeat(%s, 60)::text", worker) == f"{{{job.id}}}"
    assert finish(job, cancellation(job, None, sandbox=True)) == "ended"
    assert (status(job.id), charges(job.id)) == ("canceled", [Decimal(0)])
    books_balance(tenant)


@pytest.mark.parametrize("end", ["succeeded", "failed"])
def test_what_has_ended_cannot_be_canceled(tenant: Tenant, job: Job, end: str) -> None:
    result = succeeded(job) if end == "succeeded" else failure(job, ErrorCode.INTERNAL, "for a test")
    assert finish(job, result) == "ended"
    with pytest.raises(NotCancelable):
        generation_cancel(tenant_id=tenant.id, generation_id=job.id, livemode=True)
    assert status(job.id) == end
    books_balance(tenant)


def test_an_unknown_or_foreign_job_cannot_be_canceled_i6(job: Job) -> None:
    other = make_tenant()
    assert generation_cancel(tenant_id=other.id, generation_id=job.id, livemode=True) is None
    assert generation_cancel(tenant_id=job.tenant_id, generation_id=job.id, livemode=False) is None
    assert status(job.id) == "running"


def test_one_tenants_worker_statement_cannot_end_anothers_job_i6(job: Job) -> None:
    other = make_tenant()
    answer = one(
        "default",
        "SELECT generation_finish(%s, %s, %s, %s, %s::jsonb)",
        other.id,
        job.id,
        job.attempt,
        job.lease_token,
        json.dumps(succeeded(job)),
    )
    assert answer == "lost"
    connections["default"].close()
    assert status(job.id) == "running"
