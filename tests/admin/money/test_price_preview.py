"""What a change of prices would have done to a month: exact, and nothing where nothing changes."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from accounts.actor import SYSTEM
from accounts.models import Tenant, User
from billing.errors import ValuesInvalid
from billing.models import Charge, Plan, UsageRecord
from billing.oversight.below_cost import below_cost
from billing.oversight.below_cost_alert import below_cost_watch
from billing.oversight.margins import margin_table
from billing.plans.services import plan_create
from billing.plans.terms import PlanTerms
from billing.prices.pricing import settlement
from billing.prices.selectors import price_books_clear, price_versions
from billing.prices.services import NewPrice, prices_add
from billing.usage.services import usage_platform_refresh
from billing.usage.upstream import usage_parse
from cavendish.above.admin.prices.selectors import Effect, price_change_preview
from cavendish.db.router import acting_as
from cavendish.mail.models import Mail
from generations.accept.funnel import generation_admit
from generations.accept.submission import JobOwner, JobTerms
from generations.contracts import GenerationResult
from generations.errors import ErrorCode
from generations.request import request_parse
from generations.work.result import failure
from tests.accounts.people import make_user
from tests.factories import FLASH, PRO, key_of, make_tenant, submit_generation
from tests.generations.helpers import claim_one, finish, register, reported, succeeded

pytestmark = pytest.mark.usefixtures("quiet")
D = Decimal


def today() -> date:
    """Of the test, not of the run, which may go on over a month's end."""
    return datetime.now(UTC).date()


@pytest.fixture(autouse=True)
def _operator() -> Iterator[None]:
    with acting_as("operator"):
        yield


def make_plan(**terms: Any) -> Plan:
    slug = f"p-{secrets.token_hex(6)}"
    return plan_create(slug=slug, name=slug, currency="USD", terms=PlanTerms(**terms), actor=SYSTEM)


def work(
    tenant: Tenant, *, images: int = 1, tokens: int = 1120, blocked: bool = False, batch: bool = False, **body: Any
) -> None:
    """A job that ends at once: 10 tokens in, and pictures of so many tokens each."""
    with acting_as("default"):
        if batch:
            with tempfile.TemporaryDirectory() as spool:
                generation_admit(
                    request_parse({"model": FLASH, "input": "a cat"}),
                    spool=Path(spool),
                    owner=JobOwner(tenant.id, key_of(tenant.id, True), None, True),
                    terms=JobTerms(tier="batch"),
                )
        else:
            submit_generation(tenant, **body)
    job = claim_one(register())
    usage = reported(image=tokens * images)
    charge = settlement(
        usage_parse(usage, picture_tokens=0, queries=0),
        prices=job.prices,
        ceiling=job.hold_amount,
        images=images,
        charged=True,
        reason=None,
        covered=job.covered,
    )
    result: GenerationResult = {**succeeded(job), "charge": charge}
    if blocked:
        result = failure(job, ErrorCode.SAFETY_BLOCKED, "Blocked", usage=usage)
    assert finish(job, result) == "ended"


def effect_of(tenant: Tenant, **change: Any) -> Effect:
    usage_platform_refresh()
    [row] = [row for row in price_change_preview(month=today(), **change).tenants if row.tenant_id == tenant.id]
    return row.effect


def test_prices_as_they_are_give_the_booked_amounts_to_the_last_digit() -> None:
    """With a mark-up that makes every line round, a batch item, included pictures, a loss and a failure."""
    plan = make_plan(markup_percent=D("33.3333"), included_images=2)
    tenant = make_tenant(plan=plan, concurrency_limit=50)
    work(tenant, images=2, max_images=3)  # of three that the hold allows two are included
    bodies: list[dict[str, Any]] = [{"images": 2, "max_images": 2}, {"batch": True}, {"batch": True, "tokens": 1121}]
    for body in [*bodies, {"model": PRO}, {"tokens": 90_001}, {"blocked": True}]:
        work(tenant, **body)
    charges = list(Charge.objects.filter(tenant_id=tenant.id))
    kinds = set(UsageRecord.objects.filter(tenant_id=tenant.id).values_list("kind", flat=True))
    assert kinds == {"text_input", "image_output", "included", "absorbed"}
    assert {charge.status for charge in charges} == {"charged", "not_charged"}
    booked = sum((charge.amount for charge in charges), D(0)), sum((charge.cost for charge in charges), D(0))
    assert booked[0] != round(booked[0], 6)

    same = effect_of(tenant, plan=plan, markup_percent=D("33.3333"))
    upstream = [NewPrice(FLASH, "text_input", D("0.5")), NewPrice(FLASH, "image_output", D(60))]
    same_costs = effect_of(tenant, plan=None, new=upstream)
    dearer = effect_of(tenant, plan=plan, markup_percent=D("50"))

    assert (same.before.amount, same.before.cost) == booked
    assert same.after == same.before == same_costs.before == same_costs.after
    assert dearer.after.amount > dearer.before.amount
    assert dearer.after.cost == dearer.before.cost


def test_a_new_price_of_the_upstream_by_hand() -> None:
    tenant = make_tenant(plan=make_plan(markup_percent=D(100)))
    work(tenant)
    work(tenant, batch=True)
    # 10 at 0.50 and 1120 at 60 per million, doubled; the batch item is bought at the full price, and so sold
    one = D("0.067205")

    effect = effect_of(tenant, plan=None, new=[NewPrice(FLASH, "image_output", D(90))])

    assert (effect.before.amount, effect.before.cost) == (4 * one, 2 * one)
    assert effect.after.amount == 4 * (one + D("0.0336"))
    assert effect.after.cost == 2 * (one + D("0.0336"))
    assert (effect.margin_before, effect.margin_after) == (2 * one, 2 * one + D("0.0672"))
    assert effect.difference == D("0.1344")


def test_a_plan_s_price_per_picture_concerns_its_tenants_alone_and_may_lie_below_the_cost() -> None:
    plan, others = make_plan(), make_plan()
    tenant, other = make_tenant(plan=plan), make_tenant(plan=others)
    for one in (tenant, other):
        work(one)
    new = [NewPrice(FLASH, "image_output", D("0.05"), unit="per_image", image_size="1K")]
    usage_platform_refresh()

    preview = price_change_preview(plan=plan, new=new, month=today())

    [row] = preview.tenants
    assert (row.tenant_id, row.plan) == (tenant.id, plan)
    assert (row.effect.before.amount, row.effect.after.amount) == (D("0.067205"), D("0.050005"))
    assert preview.totals == [row.effect]
    [below] = [one for one in preview.below_cost if one.tier == "standard"]
    assert (below.plan, below.tenants, below.model, below.kind, below.image_size) == (
        plan,
        1,
        FLASH,
        "image_output",
        "1K",
    )
    assert (below.unit, below.price, below.cost, below.difference) == (
        "per_image",
        D("0.05"),
        D("0.0672"),
        D("-0.0172"),
    )
    with pytest.raises(ValuesInvalid):
        price_change_preview(plan=None, new=new)


def batch_price(plan: Plan, price: Decimal) -> None:
    """Gives a plan a price of its own that has begun."""
    new = [NewPrice(FLASH, "image_output", price, tier="batch")]
    [row] = prices_add(plan=plan, new=new, effective_from=None, source="", actor=SYSTEM)
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE billing_price SET effective_from = clock_timestamp() WHERE id = %s", [row.id])
    price_books_clear()


def test_batch_at_half_price_that_is_bought_at_full_price_is_named() -> None:
    plan, unused = make_plan(), make_plan()
    make_tenant(plan=plan)
    assert plan not in {row.plan for row in below_cost()}
    for one in (plan, unused):
        batch_price(one, D(30))
    rows = [row for row in below_cost() if row.plan == plan and row.model == FLASH]
    assert {row.tier for row in rows} == {"batch"}
    [image] = [row for row in rows if row.kind == "image_output"]
    assert (image.unit, image.price, image.cost, image.difference) == ("per_1m_tokens", D(30), D(60), D(-30))
    assert (image.tenants, image.image_size) == (1, "")
    assert unused not in {row.plan for row in below_cost()}
    batch_price(plan, D(60))
    assert "image_output" not in {row.kind for row in below_cost() if row.plan == plan and row.model == FLASH}
    [version, first] = price_versions(plan=plan, model=FLASH)
    assert [(row.tier, row.unit_price) for row in (version, first)] == [("batch", D(60)), ("batch", D(30))]
    assert price_versions(plan=plan, before=version.id) == [first]
    assert {row.plan for row in price_versions(of_upstream=True, kind="image_output")} == {None}


def test_the_margin_table_sums_tenants_and_plans() -> None:
    plan = make_plan(markup_percent=D(100))
    first, second = make_tenant(plan=plan), make_tenant(plan=plan)
    for tenant in (first, second, second):
        work(tenant)
    usage_platform_refresh()

    table = margin_table(month=today())

    one = D("0.067205")
    rows = {row.tenant_id: row for row in table.tenants}
    assert (rows[second.id].sums.amount, rows[second.id].sums.cost, rows[second.id].sums.margin) == (
        4 * one,
        2 * one,
        2 * one,
    )
    assert (rows[second.id].plan, rows[second.id].sums.images) == (plan.name, 2)
    [of_plan] = [row for row in table.plans if row.plan_id == plan.id]
    assert (of_plan.tenants, of_plan.sums.requests, of_plan.sums.margin) == (2, 3, 3 * one)
    assert sum(row.sums.cost for row in table.plans) == sum(total.cost for total in table.totals)
    margins = [row.sums.margin for row in table.tenants if row.sums.margin is not None]
    assert margins == sorted(margins)


def test_operators_are_told_once_of_a_price_below_its_cost() -> None:
    plan, operator = make_plan(), make_user()
    make_tenant(plan=plan)
    User.objects.filter(id=operator.id).update(is_staff=True)
    batch_price(plan, D(30))

    def mails() -> list[Mail]:
        assert below_cost_watch() == len(below_cost())
        return list(Mail.objects.filter(to__contains=[operator.email], subject__contains="below").order_by("id"))

    [first] = mails()
    assert mails() == [first]
    assert all(words in first.text for words in (plan.name, "Batch", "30.00 USD, costs 60.00"))
    batch_price(plan, D(20))
    assert len(mails()) == 2
    batch_price(plan, D(60))
    assert len(mails()) == 2
