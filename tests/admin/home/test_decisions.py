"""The three lists that need a decision: who is on them, who is not, and in which order."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connections

from accounts.actor import SYSTEM
from accounts.models import Tenant, WebhookDelivery, WebhookEndpoint
from billing.charges.services import flagged_charge_resolve
from billing.models import Invoice, Payment
from cavendish.above.admin.home.selectors.decisions import (
    FIRST,
    FlaggedCharge,
    Trouble,
    flagged_charges,
    invoices_waiting,
    troubles,
)
from cavendish.above.admin.home.selectors.window import Window
from cavendish.db.ids import new_id
from cavendish.db.router import acting_as
from generations.models import Batch
from tests.admin.home import history
from tests.admin.home.history import HOUR, NOW, WINDOW, failed
from tests.factories import key_of, make_tenant, submit_generation
from tests.generations.helpers import claim, finish, register, rows, succeeded

HOURS = timedelta(hours=1)
DAYS = timedelta(days=1)


def flagged(tenant: Tenant, flags: list[str], absorbed: str) -> UUID:
    id = submit_generation(tenant)
    [job] = claim(register())
    result = succeeded(job)
    result["charge"].update({"flags": flags})
    assert finish(job, result) == "ended"
    rows("owner", "UPDATE billing_charge SET absorbed = %s WHERE generation_id = %s", absorbed, id)
    return id


def test_flagged_charges_are_those_without_a_decision_the_oldest_first() -> None:
    tenant = make_tenant()
    # alone in a time of its own, before all that other tests have flagged
    first, second, decided = (
        flagged(tenant, flags, "0.25") for flags in (["over_hold"], ["images_not_delivered"], ["over_hold"])
    )
    for days, id in enumerate((decided, first, second)):
        moved = "UPDATE billing_charge SET created_at = %s WHERE generation_id = %s"
        rows("owner", moved, HOUR - 9000 * DAYS + days * DAYS, id)
    before = flagged_charges(WINDOW)
    with acting_as("operator"):
        flagged_charge_resolve(
            tenant_id=tenant.id, generation_id=decided, note="Seen", adjustment=Decimal(0), actor=SYSTEM
        )

    after = flagged_charges(WINDOW)

    assert before.first[0].generation_id == decided
    assert [row.generation_id for row in after.first[:2]] == [first, second]
    assert after.count == before.count - 1
    assert after.absorbed["USD"] == before.absorbed["USD"] - Decimal("0.25")
    assert after.oldest_at == HOUR - 8999 * DAYS
    shown: FlaggedCharge = after.first[0]
    assert (shown.tenant, shown.absorbed, shown.currency, shown.flags) == (
        tenant.name, Decimal("0.25"), "USD", ["over_hold"],
    )  # fmt: skip
    assert "held" in shown.why
    assert "More pictures came" in after.first[1].why


def mine(*tenants: Tenant, window: Window = WINDOW) -> list[Trouble]:
    ids = {tenant.id for tenant in tenants}
    return [row for row in troubles(window, first=10_000).first if row.tenant_id in ids]


def test_tenants_fail_that_leave_their_own_normal() -> None:
    worse, usual, new, few, some = (make_tenant() for _ in range(5))
    for tenant, jobs in ((worse, 12), (usual, 12), (new, 20), (few, 2), (some, 4)):
        history.latest(tenant, jobs, **failed("upstream_unavailable", 503), minutes=37)
        history.latest(tenant, 100 if tenant == some else 20)
    history.latest(worse, 1, **failed("safety_blocked"))
    for day in range(1, 29):
        for tenant, share in ((worse, 10), (usual, 60)):
            for hour in (HOUR - day * DAYS, HOUR - day * DAYS - HOURS):
                history.of_tenant(tenant, hour, 100 - share)
                history.of_tenant(tenant, hour, share, **failed("safety_blocked"))

    found = mine(worse, usual, new, few, some)

    assert [(row.kind, row.tenant_id, row.count, row.total) for row in found] == [
        ("tenant_failing", new.id, 20, 40), ("tenant_failing", worse.id, 13, 33),
    ]  # fmt: skip
    assert (found[1].since, found[1].error_code, found[1].upstream_status) == (
        NOW - timedelta(minutes=37), "upstream_unavailable", 503,
    )  # fmt: skip


def batch(tenant: Tenant, **columns: Any) -> Batch:
    row: Batch = Batch.objects.create(
        tenant=tenant, api_key_id=key_of(tenant.id, True), livemode=True, dialect="native", status="running", total=10,
        fed=5, succeeded=3, failed=1, expires_at=NOW + DAYS, started_at=NOW - HOURS, name="Spring", **columns,
    )  # fmt: skip
    return row


def test_batches_stand_still_none_of_whose_items_moved_lately() -> None:
    tenant = make_tenant()
    still, full, moves, ended = (batch(tenant, refused_at=refused) for refused in (None, NOW, None, None))
    for row, minutes in ((still, 38), (moves, 14), (ended, 50)):
        id = submit_generation(tenant)
        rows(
            "owner",
            """UPDATE generations_generation SET batch_id = %s, batch_index = 0, started_at = %s, finished_at = %s
               WHERE id = %s""",
            row.id, NOW - timedelta(minutes=minutes + 5), NOW - timedelta(minutes=minutes), id,
        )  # fmt: skip
    Batch.objects.filter(id=ended.id).update(status="completed", finished_at=NOW)

    found = mine(tenant)

    assert [(row.kind, row.subject_id, row.since, row.reason) for row in found] == [
        ("batch_stalled", full.id, NOW - HOURS, "no_room"),
        ("batch_stalled", still.id, NOW - timedelta(minutes=38), "idle"),
    ]  # fmt: skip
    assert (found[1].count, found[1].total, found[1].label) == (4, 10, "Spring")
    rows(
        "owner", "UPDATE generations_generation SET batch_id = NULL, batch_index = NULL WHERE tenant_id = %s", tenant.id
    )
    Batch.objects.filter(tenant=tenant).update(status="canceled", finished_at=NOW)


def test_endpoints_that_fail_or_were_disabled_and_jobs_past_their_deadline() -> None:
    tenant = make_tenant()

    def endpoint(**columns: Any) -> WebhookEndpoint:
        row: WebhookEndpoint = WebhookEndpoint.objects.create(
            tenant=tenant, livemode=True, url="https://example.com/hook", events=["invoice.paid"], secret="", **columns
        )
        return row

    gone = endpoint(status="disabled", disabled_reason="gone", failing_since=NOW - 3 * DAYS, updated_at=NOW - DAYS)
    fails = endpoint(failing_since=NOW - 2 * HOURS)
    endpoint(failing_since=NOW - timedelta(minutes=59))
    endpoint(status="disabled", disabled_reason="by_tenant", failing_since=NOW - 3 * DAYS, updated_at=NOW)
    endpoint(status="disabled", disabled_reason="failing", failing_since=NOW - 30 * DAYS, updated_at=NOW - 8 * DAYS)
    endpoint(failing_since=NOW - 5 * DAYS, subject=new_id())
    for status in ("pending", "pending", "succeeded"):
        WebhookDelivery.objects.create(
            tenant_id=tenant.id, endpoint_id=fails.id, message_id="m", event_type="x", source_type="x", facts={},
            subject=new_id(), event_at=NOW, status=status,
        )  # fmt: skip
    late, runs = submit_generation(tenant), submit_generation(tenant)
    assert len(claim(register(), 2)) == 2
    for id, seconds in ((late, 31), (runs, 29)):
        deadline = NOW - timedelta(seconds=seconds)
        rows("owner", "UPDATE generations_generation SET deadline_at = %s WHERE id = %s", deadline, id)

    found = mine(tenant)

    assert [(row.kind, row.subject_id, row.reason, row.count) for row in found] == [
        ("webhook_off", gone.id, "gone", 0), ("webhook_failing", fails.id, "", 2), ("job_overdue", late, "", 0),
    ]  # fmt: skip
    assert found[2].since == NOW - timedelta(seconds=31)
    shown = troubles(WINDOW, first=1)
    assert len(shown.first) == 1
    assert shown.by_kind["job_overdue"] == 1
    # a tenant's own page asks for all, so that one of many is not cut off
    many = [submit_generation(tenant) for _ in range(FIRST + 1)]
    assert len(claim(register(), FIRST + 1)) == FIRST + 1
    for minutes, id in enumerate(many, 1):
        deadline = NOW - timedelta(minutes=minutes)
        rows("owner", "UPDATE generations_generation SET deadline_at = %s WHERE id = %s", deadline, id)
    assert [row.subject_id for row in mine(tenant) if row.kind == "job_overdue"] == [*reversed(many), late]
    WebhookDelivery.objects.filter(tenant_id=tenant.id).delete()
    WebhookEndpoint.objects.filter(tenant_id=tenant.id).delete()


def test_invoices_wait_that_are_overdue_or_past_their_grace_time() -> None:
    tenant = make_tenant()
    months = iter(range(1, 12))

    def invoice(due_on: date | None = None, *, due: int = 100, zone: str = "UTC", **columns: Any) -> Invoice:
        number = next(months)
        sums = {"net": due, "total": due, "amount_due": due}
        if due_on:
            columns |= {
                "status": "finalised", "number": f"T-{tenant.slug}-{number}", "finalised_at": NOW, "issued_on": due_on,
                "due_on": due_on,
            }  # fmt: skip
        row: Invoice = Invoice.objects.create(
            tenant=tenant, month=columns.pop("month", date(2030, number, 1)), timezone=zone, currency="XTS", digits=2,
            **sums, **columns,
        )  # fmt: skip
        return row

    late, later = invoice(date(2031, 3, 2), due=30), invoice(date(2031, 2, 21))
    invoice(date(2031, 3, 5))  # today is its last day
    ahead = invoice(date(2031, 3, 5), zone="Pacific/Kiritimati")  # where it is the sixth already
    paid = invoice(date(2031, 2, 1))
    for row, amount in ((paid, 100), (later, 40)):
        Payment.objects.create(
            tenant=tenant, invoice=row, reference="x", amount=amount, currency="XTS", received_on=NOW.date(), actor="x"
        )
    draft = invoice(month=date(2031, 2, 1))
    invoice(month=date(2031, 3, 1))

    shown = invoices_waiting(WINDOW, first=10_000)

    own = [row for row in shown.first if row.tenant_id == tenant.id]
    assert [(row.kind, row.invoice_id, int(row.amount), row.days) for row in own] == [
        ("overdue", later.id, 60, 12), ("overdue", late.id, 30, 3), ("overdue", ahead.id, 100, 1),
        ("draft", draft.id, 100, 4),
    ]  # fmt: skip
    assert int(shown.overdue["XTS"]) == 190
    with connections["owner"].cursor() as cursor:
        for table in ("billing_payment", "billing_invoice"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(f"DELETE FROM {table} WHERE tenant_id = %s", [tenant.id])
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
