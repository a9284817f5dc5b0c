"""I5: records, charges, ledger, roll-ups, reports and invoice lines say the same, to the last digit, whatever ends."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command

from accounts.models import Tenant
from billing.models import UsageTag
from billing.plans.services import plan_ensure
from billing.prices.pricing import extra_cost
from billing.usage.export import export_records, export_usage
from billing.usage.query import UsageQuery
from billing.usage.selectors import usage_read
from billing.usage.services import usage_platform_refresh
from billing.usage.upstream import usage_parse as usage_of
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from generations.contracts import GenerationResult
from generations.errors import ErrorCode
from generations.work.answer import Answer
from generations.work.job import Job
from generations.work.result import failure, success
from tests.factories import FLASH, PRO, key_of, make_key, make_tenant, queue_clear, submit_generation
from tests.generations.helpers import books_balance, claim, finish, one, register, reported, rows

SIZES = {FLASH: ("512", "1K", "2K"), PRO: ("1K", "4K")}
JOBS = 40


def odd_plan() -> Any:
    """A mark-up with which hardly any line is a round number."""
    with acting_as("operator"):
        return plan_ensure(slug=f"odd-{uuid4().hex[:8]}", name="Odd", markup_percent=Decimal("13.7391"))


def ending(job: Job, rng: random.Random) -> GenerationResult:
    """An end at random: what was reported is any number, also more than was held, and in parts that nobody prices."""
    used = reported(text=rng.randrange(1, 5000), image=rng.choice((1120, 747, 2000, 1, 100_000)))
    if rng.random() < 0.5:
        thought = rng.randrange(1, 3000)
        used |= {"total_thought_tokens": thought, "total_tokens": used["total_tokens"] + thought}
    if rng.random() < 0.3:
        used["total_cached_tokens"] = rng.randrange(1, 3000)
    chance = rng.random()
    if chance < 0.15:
        result = failure(job, ErrorCode.SAFETY_BLOCKED, "Blocked.", usage=used)
    elif chance < 0.25:
        result = failure(job, ErrorCode.UPSTREAM_UNAVAILABLE, "Away.")
    elif chance < 0.35:
        text = reported(text=rng.randrange(1, 500), image=0)
        answer = Answer(usage=usage_of(text, picture_tokens=0, queries=0), usage_reported=text)
        result = failure(job, ErrorCode.NO_IMAGE, "Only text came.", answer=answer)
    else:
        answer = Answer(usage=usage_of(used, picture_tokens=1120, queries=rng.randrange(3)), usage_reported=used)
        result = success(job, answer, sandbox=False)
    if rng.random() < 0.2:
        result["charge"] = extra_cost(result["charge"], [used], prices=job.prices)
    result["charge"]["images"] = rng.randrange(4) if result["charge"]["status"] == "charged" else 0
    return result


@pytest.fixture(scope="module")
def tenant(django_db_setup: None) -> Tenant:
    rng = random.Random(22)
    tenant = make_tenant(balance=1_000, plan=odd_plan(), billing_timezone="Asia/Kolkata")
    with acting_as("operator"):
        UsageTag.objects.bulk_create([UsageTag(tenant=tenant, key=key) for key in ("team", "project")])
    keys = {True: [key_of(tenant.id, True), make_key(tenant)[0].id], False: [key_of(tenant.id, False)]}
    members = [None, uuid4()]
    queue_clear()
    for _ in range(JOBS):
        model, livemode = rng.choice((FLASH, PRO)), rng.random() < 0.8
        size = rng.choice(SIZES[model])
        metadata = {key: rng.choice("abc") for key in ("team", "project", "other") if rng.random() < 0.6}
        submit_generation(
            tenant, "x" * rng.randrange(1, 400), model=model, livemode=livemode, key_id=rng.choice(keys[livemode]),
            member_id=rng.choice(members), metadata=metadata, response_format={"type": "image", "image_size": size},
        )  # fmt: skip
    for job in claim(register(), JOBS * 9 // 10):
        assert finish(job, ending(job, rng)) == "ended"
    queue_clear()  # the rest is canceled before it ran
    usage_platform_refresh()
    return tenant


def sums(tenant: Tenant, livemode: bool) -> dict[str, Decimal]:
    """What each place says was charged."""
    places = {
        "charges": "SELECT sum(amount) FROM billing_charge WHERE tenant_id = %s AND livemode = %s",
        "lines": """SELECT sum((line->>'amount')::numeric) FROM billing_charge c, jsonb_array_elements(c.lines) line
                    WHERE tenant_id = %s AND livemode = %s""",
        "records": "SELECT sum(amount) FROM billing_usagerecord WHERE tenant_id = %s AND livemode = %s",
        "rollups": "SELECT sum(amount) FROM billing_usagerollup WHERE tenant_id = %s AND livemode = %s",
        "revenue": """SELECT coalesce(sum(amount), 0) FROM billing_ledgerentry
                      WHERE tenant_id = %s AND livemode = %s AND account = 'revenue'""",
        "wallet": """SELECT coalesce(-sum(e.amount), 0) FROM billing_ledgerentry e
                     JOIN billing_ledgertransaction t ON t.id = e.transaction_id
                     WHERE e.tenant_id = %s AND e.livemode = %s AND account = 'wallet' AND t.kind = 'charge'""",
        "platform": "SELECT sum(amount) FROM billing_platformday WHERE tenant_id = %s AND livemode = %s",
        "months": "SELECT sum(amount) FROM billing_platformmonth WHERE tenant_id = %s AND livemode = %s",
    }
    return {name: one("owner", sql, tenant.id, livemode) for name, sql in places.items()}


@pytest.mark.parametrize("livemode", [True, False])
def test_every_place_says_the_same_amount(tenant: Tenant, livemode: bool) -> None:
    found = sums(tenant, livemode)
    assert len(set(found.values())) == 1, found
    assert (found["charges"] > 0) is livemode  # test jobs cost nothing


def test_what_the_mix_holds(tenant: Tenant) -> None:
    """Else the others would prove little: odd digits, charges cut at the hold, costs without a charge."""
    found = rows("owner", "SELECT * FROM billing_charge WHERE tenant_id = %s", tenant.id)
    assert len(found) == JOBS
    assert any(row["amount"] % Decimal("0.00001") for row in found)
    assert any(row["absorbed"] > 0 for row in found)
    assert any(row["status"] == "not_charged" and row["cost"] > 0 for row in found)
    assert any("repeated_answers" in row["flags"] for row in found)
    assert {row["status"] for row in found} == {"charged", "not_charged"}
    books_balance(tenant)


def query(tenant: Tenant, *group_by: str, tag: str | None = None) -> UsageQuery:
    day = date(2026, 1, 1)
    return UsageQuery(
        start=day, end=day + timedelta(days=1000), livemode=True, group_by=group_by, tag=tag, tenant_id=tenant.id
    )


def exported(export: Callable[..., None], query: UsageQuery) -> list[dict[str, str]]:
    written = io.BytesIO()
    export(query, written.write)
    return list(csv.DictReader(io.StringIO(written.getvalue().decode())))


def test_reports_by_anything_sum_to_the_charges(tenant: Tenant) -> None:
    charged = sums(tenant, livemode=True)["charges"]
    [images] = rows(
        "owner", "SELECT sum(images) AS n FROM billing_usagerecord WHERE tenant_id = %s AND livemode", tenant.id
    )
    ended = one("owner", "SELECT count(*) FROM billing_charge WHERE tenant_id = %s AND livemode", tenant.id)
    with tenant_context(tenant.id):
        for group_by, tag in (
            (("hour", "key", "member", "size", "kind", "model"), None),
            (("day",), None),
            (("month", "member"), None),
            (("metadata", "model", "size", "kind", "day"), "team"),
            (("metadata",), "project"),
            (("metadata",), "never-chosen"),
        ):
            asked = query(tenant, *group_by, tag=tag)
            page = usage_read(asked, limit=10_000)
            [totals] = page.totals
            assert totals.amount == charged == sum(row.sums.amount for row in page.rows), group_by
            assert totals.requests == ended == sum(row.sums.requests for row in page.rows), group_by
            assert totals.images == images["n"] == sum(row.sums.images for row in page.rows), group_by
            lines = exported(export_usage, asked)
            assert [line["amount"] for line in lines] == [f"{row.sums.amount:.9f}" for row in page.rows], group_by
        records = exported(export_records, query(tenant))
    assert sum(Decimal(record["amount"]) for record in records) == charged
    with acting_as("operator"):
        [whole] = usage_read(query(tenant)).totals
        costs = sum(
            Decimal(line["cost"]) for line in exported(partial(export_usage, operator=True), query(tenant, "day"))
        )
    assert (
        whole.cost
        == costs
        == one("owner", "SELECT sum(cost) FROM billing_charge WHERE tenant_id = %s AND livemode", tenant.id)
    )


def test_the_lines_of_the_invoice_sum_to_the_charges(tenant: Tenant) -> None:
    """`exact` to the ninth place; what is paid is rounded once for each line."""
    lines = rows(
        "owner",
        """SELECT l.* FROM (SELECT DISTINCT tenant_id, date_trunc('month', billing_date)::date AS month
                            FROM billing_charge WHERE tenant_id = %s) m,
               invoice_lines(m.tenant_id, m.month, 'Asia/Kolkata', 2) l""",
        tenant.id,
    )
    assert sum(line["exact"] for line in lines) == sums(tenant, livemode=True)["charges"]
    assert all(abs(line["amount"] - line["exact"]) <= Decimal("0.005") for line in lines)


def test_reconcile_finds_nothing(tenant: Tenant) -> None:
    call_command("reconcile", "--tenant", tenant.slug, "--no-objects", stdout=StringIO())
