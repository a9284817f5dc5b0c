"""After a hundred jobs of every kind the books agree to the last digit (I4, I5)."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal

import pytest

from billing.usage.upstream import usage_parse
from generations.errors import ErrorCode
from generations.services import generation_cancel
from generations.work.answer import Answer
from generations.work.job import Job
from generations.work.result import cancellation, failure
from tests.factories import make_key, make_tenant, submit_generation
from tests.generations.helpers import (
    PLENTY,
    books_balance,
    claim,
    finish,
    in_threads,
    one,
    register,
    reported,
    rows,
    succeeded,
    wallet,
)

pytestmark = pytest.mark.usefixtures("quiet")


def end(job: Job, how: str) -> str:
    usage = reported(text=random.randrange(1, 999), image=random.randrange(1, 1119))
    answer = Answer(usage=usage_parse(usage, picture_tokens=0, queries=0), usage_reported=usage)
    match how:
        case "succeeded":
            return finish(job, succeeded(job, image=random.randrange(1, 1300)))
        case "overrun":
            return finish(job, succeeded(job, image=500_000))
        case "safety":
            return finish(job, failure(job, ErrorCode.SAFETY_BLOCKED, "blocked", answer=answer))
        case "no_image":
            return finish(job, failure(job, ErrorCode.NO_IMAGE, "no picture", answer=answer))
        case "unavailable":
            return finish(job, failure(job, ErrorCode.UPSTREAM_UNAVAILABLE, "away", usage=usage))
        case "canceled with a picture":
            return finish(job, cancellation(job, answer, sandbox=False))
        case _:
            return finish(job, cancellation(job, None, sandbox=False))


def test_a_hundred_mixed_jobs_balance_i4_i5() -> None:
    tenant = make_tenant(balance="1000", concurrency_limit=100, billing_timezone="Pacific/Kiritimati")
    other, _ = make_key(tenant)
    test_job = submit_generation(tenant, livemode=False)
    ids = [
        submit_generation(
            tenant,
            f"job {number}",
            key_id=other.id if number % 3 == 0 else None,
            model=("gemini-3.1-flash-image", "gemini-3-pro-image")[number % 2],
            response_format={"type": "image", "image_size": ("1K", "2K", "4K")[number % 3]},
        )
        for number in range(100)
    ]
    for id in ids[:10]:
        assert generation_cancel(tenant_id=tenant.id, generation_id=id, livemode=True) == "queued"
    ways = ["succeeded", "overrun", "safety", "no_image", "unavailable", "canceled with a picture", "canceled"]
    worker = register()
    jobs = [job for _ in range(4) for job in claim(worker, 32, room=PLENTY)]
    assert {job.id for job in jobs} == {test_job, *ids[10:]}
    outcomes = in_threads(8, lambda pair: end(*pair), [(job, ways[n % len(ways)]) for n, job in enumerate(jobs)])
    # each answer comes a second time, as after a crash
    again = in_threads(8, lambda pair: end(*pair), [(job, ways[n % len(ways)]) for n, job in enumerate(jobs)])
    assert (Counter(outcomes), Counter(again)) == ({"ended": 91}, {"already": 91})

    books_balance(tenant)
    charged = one(
        "owner",
        "SELECT sum(amount) FROM billing_charge WHERE tenant_id = %s AND livemode AND status = 'charged'",
        tenant.id,
    )
    assert charged > 0
    assert wallet(tenant) == {"balance": Decimal(1000) - charged, "held": 0}
    # Each charge equals its lines and its usage; the shown lines say what is absorbed.
    assert (
        rows(
            "owner",
            """SELECT c.generation_id FROM billing_charge c
               WHERE c.tenant_id = %s AND (
                 c.amount <> (SELECT coalesce(sum(amount), 0) FROM billing_usagerecord u
                              WHERE u.generation_id = c.generation_id)
                 OR c.amount <> (SELECT coalesce(sum((line->>'amount')::numeric), 0)
                                 FROM jsonb_array_elements(c.lines) line))""",
            tenant.id,
        )
        == []
    )
    # What is not charged is recorded as the operator's cost all the same.
    unpaid = """SELECT min(cost) FROM billing_charge
                WHERE tenant_id = %s AND livemode AND reason = 'upstream_unavailable' AND amount = 0"""
    assert one("owner", unpaid, tenant.id) > 0
    # Test jobs cost nothing, and their rows are apart.
    assert one("owner", "SELECT sum(amount) FROM billing_charge WHERE tenant_id = %s AND NOT livemode", tenant.id) == 0
    mixed = """SELECT count(*) FROM billing_usagerecord u JOIN generations_generation g ON g.id = u.generation_id
               WHERE u.tenant_id = %s AND u.livemode <> g.livemode"""
    assert one("owner", mixed, tenant.id) == 0
    # The billing date is the tenant's own.
    dates = """SELECT count(*) FROM billing_charge WHERE tenant_id = %s
               AND billing_date <> (created_at AT TIME ZONE 'Pacific/Kiritimati')::date"""
    assert one("owner", dates, tenant.id) == 0
