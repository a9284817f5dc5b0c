"""Base fee, minimum commitment and volume discount: lines of the invoice, by days, booked once and taken back whole."""

from __future__ import annotations

import random
import secrets
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections

from accounts.actor import SYSTEM
from accounts.models import Tenant
from billing.credit_notes.services import credit_note_issue
from billing.invoices.selectors import invoice_preview
from billing.invoices.services import invoice_finalise, invoice_void
from billing.models import Plan, PlanVersion, Subscription
from billing.money import ZERO
from billing.months import month_of
from billing.plans.services import plan_create
from billing.plans.terms import PlanTerms
from billing.wallets.month import wallet_month
from cavendish.above.ui.words import movement_kind, movement_word
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from tests.billing.invoices.helpers import (
    OCTOBER,
    at,
    balances,
    billed_tenant,
    correct,
    differing,
    draft,
    finalise,
    fresh,
    lines,
    running_month,
    spend,
)

SEPTEMBER = date(2026, 9, 1)
SIXTY = {"image_output": 1_000_000}
"""Worth 60.00."""


def plan(since: str = "2026-01-01", **terms: Any) -> Plan:
    with acting_as("operator"):
        slug = f"fees-{secrets.token_hex(4)}"
        made = plan_create(slug=slug, name="Studio", currency="USD", terms=PlanTerms(**terms), actor=SYSTEM)
        PlanVersion.objects.filter(plan=made).update(effective_from=at(since))
    return made


def terms_from(of: Plan, since: str, **terms: Any) -> None:
    with acting_as("operator"):
        PlanVersion.objects.create(plan=of, effective_from=at(since), **terms)


def join(tenant: Tenant, of: Plan, since: str) -> None:
    """The plan from that moment on; what the tenant had before is gone."""
    with acting_as("operator"):
        Subscription.objects.filter(tenant=tenant, starts_at__gt=at("2026-11-15")).delete()
        Subscription.objects.create(tenant=tenant, plan=of, starts_at=at(since), begun_at=at(since))


def on(of: Plan, since: str = "2026-01-10", **options: Any) -> Tenant:
    tenant = billed_tenant(**{"balance": 0, "credit_limit": 1000, **options})
    join(tenant, of, since)
    return tenant


def shown(tenant: Tenant, month: date = OCTOBER) -> list[tuple[str, str, str]]:
    """Type, description and amount of the lines but those of usage, of the month's draft."""
    found = draft(tenant, month)
    if found is None:
        return []
    return [(line.type, line.description, f"{line.amount:.2f}") for line in lines(found) if line.type != "usage"]


@pytest.mark.parametrize(
    ("since", "zone", "fees"),
    [
        ("2026-01-10", "UTC", [("base_fee", "Studio", "31.00")]),
        # the day of joining counts, in the tenant's zone
        ("2026-10-31T12:00", "UTC", [("base_fee", "Studio, 1 of 31 days", "1.00")]),
        ("2026-10-31T12:00", "Pacific/Kiritimati", []),
        ("2026-10-15T23:59", "UTC", [("base_fee", "Studio, 17 of 31 days", "17.00")]),
        ("2026-10-15T23:59", "Asia/Kolkata", [("base_fee", "Studio, 16 of 31 days", "16.00")]),
        ("2026-11-01", "UTC", []),
    ],
)
def test_the_first_month_is_counted_by_days(since: str, zone: str, fees: list[tuple[str, str, str]]) -> None:
    tenant = on(plan(base_fee=Decimal(31)), since, timezone=zone)
    assert shown(tenant) == fees


def test_a_change_within_the_month_shares_fee_and_commitment_by_days() -> None:
    small, large = plan(base_fee=Decimal(31), minimum_commitment=Decimal(62)), plan(base_fee=Decimal(310))
    tenant = on(small)
    join(tenant, large, "2026-10-11T09:00")
    terms_from(large, "2026-10-21T23:59:59", base_fee=Decimal(620), minimum_commitment=Decimal(3100))
    # 10 days of 31 and 62; 10 days of 310; 11 days of 620 and 3100
    assert shown(tenant) == [
        ("base_fee", "Studio, 10 of 31 days", "10.00"),
        ("base_fee", "Studio, 10 of 31 days", "100.00"),
        ("base_fee", "Studio, 11 of 31 days", "220.00"),
        ("commitment", "up to 1120.00", "790.00"),
    ]
    spend(tenant, usage=SIXTY)
    assert shown(tenant)[-1] == ("commitment", "up to 1120.00", "730.00")


@pytest.mark.parametrize("pictures", [(4_090, 4_090), (4_150, 4_150), (4_150, 4_090, 250)])
def test_with_a_commitment_the_net_is_the_commitment_to_the_cent(pictures: tuple[int, ...]) -> None:
    """Each line is rounded by itself: a month of 50.00 came to 50.01 or 49.99."""
    tenant = on(plan(base_fee=Decimal("9.99"), minimum_commitment=Decimal(50)))
    for number, tokens in enumerate(pictures):
        spend(tenant, usage={"image_output": tokens}, model="abc"[number])
    found = draft(tenant)
    assert found is not None
    shown_lines = lines(found)
    assert (found.net, sum(line.amount for line in shown_lines)) == (Decimal(50), Decimal(50))
    assert shown_lines[-1].type == "commitment"
    assert shown_lines[-1].exact == shown_lines[-1].amount
    finalise(tenant)
    assert differing(tenant) == set()


def test_usage_above_the_commitment_leaves_nothing_to_add() -> None:
    tenant = on(plan(base_fee=Decimal(10), minimum_commitment=Decimal(70)))
    spend(tenant, usage=SIXTY)
    assert shown(tenant) == [("base_fee", "Studio", "10.00")]
    assert shown(tenant, running_month()) == []  # it is not over


def test_a_volume_discount_is_of_what_lies_above_each_step() -> None:
    steps = [{"above": "10", "percent": "10"}, {"above": "50", "percent": "50"}]
    tenant = on(plan(volume_discounts=steps, minimum_commitment=Decimal(60)))
    spend(tenant, usage=SIXTY)
    # 40 at 10 % and 10 at 50 %; the commitment is of what is left
    assert shown(tenant) == [("discount", "Studio", "-9.00"), ("commitment", "up to 60.00", "9.00")]


@pytest.mark.parametrize(
    ("balance", "limit", "due", "wallet"),
    [(1000, 0, "0.00", "881.00"), (0, 1000, "119.00", "-119.00"), (60, 0, "59.00", "0.00"), (70, 0, "49.00", "0.00")],
)
def test_the_books_have_the_fee_as_revenue(balance: int, limit: int, due: str, wallet: str) -> None:
    tenant = on(plan(base_fee=Decimal(40)), balance=balance, credit_limit=limit, tax_rate=Decimal(19), tax_label="VAT")
    spend(tenant, usage=SIXTY)
    before = {account: amount for account, amount in balances(tenant).items() if amount}

    invoice = finalise(tenant)

    assert f"{invoice.net:.2f} {invoice.tax:.2f} {invoice.total:.2f}" == "100.00 19.00 119.00"
    assert (f"{invoice.amount_due:.2f}", f"{balances(tenant)['wallet']:.2f}") == (due, wallet)
    assert balances(tenant)["revenue"] == before["revenue"] + 40
    assert differing(tenant) == set()

    with acting_as("operator"):
        drafted = invoice_void(invoice_id=invoice.id, reason="x", actor=SYSTEM)
    after = {account: amount for account, amount in balances(tenant).items() if amount}
    assert after == before
    assert differing(tenant) == set()
    with acting_as("operator"):
        invoice_finalise(invoice_id=drafted.id)
        credit_note_issue(invoice_id=drafted.id, reason="x", actor=SYSTEM)
    assert fresh(drafted.id).status == "paid"
    assert balances(tenant)["revenue"] == 0
    assert differing(tenant) == set()


def test_a_plan_without_fees_and_a_tenant_that_closes_pay_none() -> None:
    assert shown(on(plan())) == []
    tenant = on(plan(base_fee=Decimal(10)))
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE accounts_tenant SET status = 'closing' WHERE id = %s", [tenant.id])
    assert shown(tenant) == []


def test_a_month_that_runs_shows_its_fees() -> None:
    tenant = on(plan(base_fee=Decimal(30), minimum_commitment=Decimal(50)))
    with acting_as("operator"):
        full = invoice_preview(tenant)
    assert [(line.type, f"{line.amount:.2f}") for line in full.lines] == [
        ("base_fee", "30.00"),
        ("commitment", "20.00"),
    ]
    assert f"{full.invoice.total:.2f} {full.invoice.amount_due:.2f}" == "50.00 50.00"


def test_random_plans_and_changes_keep_the_books() -> None:
    draw = random.Random(7)
    for _ in range(6):
        plans = [
            plan(
                base_fee=Decimal(draw.randrange(0, 5000)) / 100,
                minimum_commitment=Decimal(draw.randrange(0, 20000)) / 100,
                volume_discounts=draw.choice(([], [{"above": "5.55", "percent": "12.5"}])),
            )
            for _ in range(3)
        ]
        tenant = on(plans[0], f"2026-09-{draw.randrange(1, 30):02}", balance=draw.choice((0, 30)), tax_rate=Decimal(7))
        for each in plans[1:]:
            join(tenant, each, f"2026-10-{draw.randrange(1, 32):02}T{draw.randrange(24):02}:30")
        for month in (SEPTEMBER, OCTOBER):
            for _ in range(draw.randrange(3)):
                spend(tenant, month, usage={"image_output": draw.randrange(1, 500_000)})
            if draw.random() < 0.5:
                correct(
                    tenant,
                    draw.choice(("1.234", "-2.5")),
                    at=datetime(2026, month.month, 28, tzinfo=at("2026-01-01").tzinfo),
                )
        for month in (SEPTEMBER, OCTOBER):
            if draft(tenant, month) is not None:
                invoice = finalise(tenant, month)
                assert invoice.total == invoice.net + invoice.tax == invoice.paid_from_balance + invoice.amount_due
        assert differing(tenant) == set()


def test_the_wallets_month_shows_what_invoices_took_for_the_plan_and_gave_back() -> None:
    """It opened at -18.85 for a tenant that never was below zero: fees and credit notes move revenue, as jobs do."""
    tenant = on(plan(base_fee=Decimal(31)), balance=100, credit_limit=0)
    invoice = finalise(tenant)
    with acting_as("operator"):
        number = lines(invoice)[0].number
        credit_note_issue(invoice_id=invoice.id, reason="Half", actor=SYSTEM, lines={number: Decimal(10)})
    other = on(plan(base_fee=Decimal(31)), balance=100, credit_limit=0)
    void = finalise(other)
    with acting_as("operator"):
        invoice_void(invoice_id=void.id, reason="Wrong", actor=SYSTEM)
    for who, moved in ((tenant, {"credited": 10, "fees": -31, "funding": 100}), (other, {"funding": 100})):
        with tenant_context(who.id):
            month = wallet_month(
                tenant_id=who.id, livemode=True, month=month_of(tenant_id=who.id), spent=ZERO, spent_after=ZERO
            )
        assert month is not None
        assert (month.opening, month.balance) == (ZERO, balances(who)["wallet"])
        assert {one.account: one.amount for one in month.movements} == moved
        assert all(movement_word(one) and movement_kind(one) for one in moved)
