"""Pictures that a plan includes: held, used and given back by the piece, never more than there are."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connections

from accounts.actor import SYSTEM
from accounts.models import Tenant
from billing.errors import InsufficientBalance
from billing.models import Allowance, Plan, Wallet
from billing.plans.services import plan_create
from billing.plans.terms import PlanTerms
from billing.prices.pricing import settlement
from billing.usage.upstream import usage_parse
from billing.wallets.selectors import allowance_left
from cavendish.db.router import acting_as
from generations.contracts import GenerationResult
from generations.errors import ErrorCode
from generations.services import generation_cancel
from generations.work.job import Job
from generations.work.result import failure
from tests.factories import PRO, make_tenant, submit_generation
from tests.generations.helpers import (
    PLENTY,
    books_balance,
    claim,
    claim_one,
    finish,
    in_threads,
    register,
    reported,
    rows,
    succeeded,
)

pytestmark = pytest.mark.usefixtures("quiet")


def plan(images: int) -> Plan:
    with acting_as("operator"):
        terms = PlanTerms(included_images=images, markup_percent=Decimal("33.3333"))
        return plan_create(slug=f"p-{secrets.token_hex(6)}", name="Plus", currency="USD", terms=terms, actor=SYSTEM)


def tenant_with(images: int, *, balance: int | str = 0) -> Tenant:
    return make_tenant(balance=balance, plan=plan(images), concurrency_limit=200)


def allowance(tenant: Tenant) -> tuple[int, int, int]:
    with acting_as("operator"):
        found = Allowance.objects.get(tenant_id=tenant.id)
    return found.included, found.used, found.held


def wallet(tenant: Tenant) -> Wallet:
    with acting_as("operator"):
        found: Wallet = Wallet.objects.get(tenant_id=tenant.id, livemode=True)
        return found


def charge(job: Job) -> dict[str, object]:
    [found] = rows("owner", "SELECT amount, cost, lines FROM billing_charge WHERE generation_id = %s", job.id)
    return found


def done(job: Job, images: int = 1) -> GenerationResult:
    """What a worker books for so many pictures."""
    usage = usage_parse(reported(image=1120 * images), picture_tokens=0, queries=0)
    charge = settlement(
        usage, prices=job.prices, ceiling=job.hold_amount, images=images, charged=True, reason=None, covered=job.covered
    )
    return {**succeeded(job), "charge": charge}


def submit(tenant: Tenant, **body: object) -> Job:
    submit_generation(tenant, **body)  # type: ignore[arg-type]
    return claim_one(register())


def test_an_included_picture_needs_no_balance_and_costs_nothing() -> None:
    tenant = tenant_with(2)
    job = submit(tenant)
    assert (job.hold_amount, allowance(tenant)) == (Decimal(0), (2, 0, 1))
    assert finish(job, done(job)) == "ended"
    assert allowance(tenant) == (2, 1, 0)
    found = charge(job)
    lines = found["lines"]
    assert isinstance(lines, list)
    assert (found["amount"], lines[-1]["kind"], lines[-1]["quantity"]) == (Decimal(0), "included", 1)
    assert Decimal(lines[-1]["amount"]) == -sum(Decimal(line["amount"]) for line in lines[:-1])
    assert isinstance(found["cost"], Decimal)
    assert found["cost"] > 0
    books_balance(tenant)


def test_when_they_are_used_up_money_is_needed() -> None:
    tenant = tenant_with(1)
    submit_generation(tenant)
    with pytest.raises(InsufficientBalance):
        submit_generation(tenant)
    assert allowance(tenant) == (1, 0, 1)
    with acting_as("operator"):
        assert allowance_left(tenant_id=tenant.id, included=1) == 0


@pytest.mark.parametrize("how", ["canceled", "failed"])
def test_what_did_not_come_is_given_back(how: str) -> None:
    tenant = tenant_with(1)
    generation = submit_generation(tenant)
    if how == "canceled":
        assert generation_cancel(tenant_id=tenant.id, generation_id=generation, livemode=True) == "queued"
    else:
        job = claim_one(register())
        assert finish(job, failure(job, ErrorCode.SAFETY_BLOCKED, "blocked")) == "ended"
    assert allowance(tenant) == (1, 0, 0)
    again = submit(tenant)
    assert finish(again, done(again)) == "ended"
    assert allowance(tenant) == (1, 1, 0)
    books_balance(tenant)


def test_a_text_that_came_instead_costs_nothing_and_uses_none_up() -> None:
    tenant = tenant_with(1)
    job = submit(tenant)
    result = failure(job, ErrorCode.NO_IMAGE, "no picture", usage={"total_input_tokens": 10, "total_output_tokens": 30})
    assert finish(job, result) == "ended"
    assert (charge(job)["amount"], allowance(tenant)) == (Decimal(0), (1, 0, 0))
    books_balance(tenant)


def test_of_several_pictures_those_that_are_left_are_covered() -> None:
    tenant = tenant_with(3, balance=100)
    first = submit(tenant, model=PRO, max_images=4)
    assert allowance(tenant) == (3, 0, 3)
    # nothing was covered for the next: it holds four times as much
    second = submit(tenant, model=PRO, max_images=4)
    assert first.hold_amount == pytest.approx(second.hold_amount / 4, abs=Decimal("0.000000001"))
    assert finish(first, done(first, images=2)) == "ended"
    assert allowance(tenant) == (3, 2, 0)
    assert finish(second, done(second)) == "ended"
    books_balance(tenant)


def test_a_job_of_text_alone_takes_none() -> None:
    tenant = tenant_with(5, balance=100)
    job = submit(tenant, response_format=[{"type": "text"}])
    assert job.hold_amount > 0
    with acting_as("operator"):
        assert not Allowance.objects.filter(tenant_id=tenant.id).exists()


def test_a_test_job_takes_none() -> None:
    tenant = tenant_with(5)
    submit_generation(tenant, livemode=False)
    with acting_as("operator"):
        assert not Allowance.objects.filter(tenant_id=tenant.id).exists()


def test_a_hundred_at_once_take_what_there_is_and_not_one_more() -> None:
    tenant = tenant_with(40)

    def take(_: int) -> bool:
        try:
            submit_generation(tenant)
        except InsufficientBalance:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(16) as threads:
        taken = sum(threads.map(take, range(100)))
    assert (taken, allowance(tenant), wallet(tenant).held) == (40, (40, 0, 40), Decimal(0))
    jobs = [job for _ in range(2) for job in claim(register(), 32, room=PLENTY)]

    def end(pair: tuple[int, Job]) -> str:
        number, job = pair
        return finish(job, done(job) if number % 2 else failure(job, ErrorCode.INTERNAL, "x"))

    assert in_threads(8, end, list(enumerate(jobs))) == ["ended"] * 40
    assert allowance(tenant) == (40, 20, 0)
    books_balance(tenant)


def test_another_time_zone_gives_no_picture_anew() -> None:
    tenant = tenant_with(1)
    job = submit(tenant)
    assert finish(job, done(job)) == "ended"
    zones = ("Pacific/Kiritimati", "Pacific/Honolulu", "UTC", "Europe/London")
    for zone in zones:
        if datetime.now(ZoneInfo(zone)).month != datetime.now(UTC).month:
            continue  # on the first and last day of a month it is another month there
        with acting_as("operator"):
            Tenant.objects.filter(id=tenant.id).update(billing_timezone=zone)
        with pytest.raises(InsufficientBalance):
            submit_generation(tenant)
    assert allowance(tenant) == (1, 1, 0)
