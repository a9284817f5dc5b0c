"""Credits: spent before paid money, the soonest to expire first; what is left expires, but for what is held (I4)."""

from __future__ import annotations

import secrets
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.utils import timezone

from accounts.actor import SYSTEM
from accounts.models import Tenant
from billing.charges.services import charge_refund
from billing.credits.services import credit_grant, credits_expire, credits_of_plans
from billing.errors import ChangeRefused, ValuesInvalid
from billing.models import Credit, LedgerEntry, Plan, Wallet
from billing.plans.services import plan_create
from billing.plans.terms import PlanTerms
from billing.wallets.selectors import credits_left
from billing.wallets.services import wallet_adjust
from cavendish.db.router import acting_as
from generations.work.job import Job
from tests.billing.operators import books
from tests.factories import make_tenant, submit_generation
from tests.generations.helpers import books_balance, claim_one, finish, register, rows, succeeded

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.fixture
def tenant(django_db_setup: None) -> Tenant:
    return make_tenant(balance=1)


def grant(tenant: Tenant, amount: str, *, days: float | None = 30) -> Credit:
    expires = timezone.now() + timedelta(days=days) if days is not None else None
    with acting_as("operator"):
        return credit_grant(
            tenant_id=tenant.id, amount=Decimal(amount), expires_at=expires, reason="Welcome", actor=SYSTEM
        )


def age(*credits: Credit) -> None:
    """Lets time pass until credits are over."""
    with acting_as("operator"):
        Credit.objects.filter(id__in=[credit.id for credit in credits]).update(
            expires_at=timezone.now() - timedelta(seconds=1)
        )


def left(tenant: Tenant) -> list[Decimal]:
    with acting_as("operator"):
        return [credit.remaining for credit in credits_left(tenant_id=tenant.id, livemode=True)]


def balance(tenant: Tenant) -> Decimal:
    with acting_as("operator"):
        found: Wallet = Wallet.objects.get(tenant_id=tenant.id, livemode=True)
        return found.balance


def run(tenant: Tenant) -> tuple[Job, Decimal]:
    """A generation that is charged, and how much."""
    submit_generation(tenant)
    job = claim_one(register())
    result = succeeded(job)
    assert finish(job, result) == "ended"
    return job, Decimal(result["charge"]["amount"])


def of_charge(job: Job) -> list[tuple[str, Decimal, bool]]:
    """(account, amount, of a credit) of the entries of a charge."""
    found = rows(
        "owner",
        """SELECT account, amount, credit_id FROM billing_ledgerentry e
           JOIN billing_ledgertransaction t ON t.id = e.transaction_id
           WHERE t.generation_id = %s AND t.kind = 'charge' ORDER BY e.id""",
        job.id,
    )
    return [(row["account"], row["amount"], row["credit_id"] is not None) for row in found]


def agree(tenant: Tenant) -> None:
    """What is left of each credit is the sum of its entries."""
    assert rows(
        "owner",
        """SELECT c.id FROM billing_credit c WHERE c.tenant_id = %s AND c.remaining <>
           (SELECT coalesce(sum(e.amount), 0) FROM billing_ledgerentry e WHERE e.credit_id = c.id)""",
        tenant.id,
    ) == []  # fmt: skip
    books_balance(tenant)


def test_a_credit_is_a_part_of_the_balance_that_can_be_spent(tenant: Tenant) -> None:
    credit = grant(tenant, "5")
    assert (balance(tenant), left(tenant)) == (Decimal(6), [Decimal(5)])
    with acting_as("operator"):
        entries = list(LedgerEntry.objects.filter(transaction__entries__credit=credit).distinct().order_by("id"))
    assert [(entry.account, entry.amount) for entry in entries] == [("wallet", 5), ("promotions", -5)]
    agree(tenant)


def test_a_tenant_without_paid_money_can_work_on_credit() -> None:
    tenant = make_tenant(balance=0)
    grant(tenant, "1")
    _, amount = run(tenant)
    assert (balance(tenant), left(tenant)) == (1 - amount, [1 - amount])
    agree(tenant)


def test_the_soonest_to_expire_is_spent_first_and_paid_money_last(tenant: Tenant) -> None:
    never, late, soon = grant(tenant, "0.01", days=None), grant(tenant, "0.02", days=20), grant(tenant, "0.03", days=10)
    job, amount = run(tenant)
    assert of_charge(job) == [
        ("wallet", Decimal("-0.03"), True),
        ("wallet", Decimal("-0.02"), True),
        ("wallet", Decimal("-0.01"), True),
        ("wallet", Decimal("0.06") - amount, False),
        ("revenue", amount, False),
    ]
    assert left(tenant) == []
    assert balance(tenant) == Decimal("1.06") - amount
    assert {soon.amount, late.amount, never.amount} == {Decimal("0.01"), Decimal("0.02"), Decimal("0.03")}
    agree(tenant)


def test_what_is_left_expires_as_an_entry_and_once(tenant: Tenant) -> None:
    credit = grant(tenant, "5")
    _, amount = run(tenant)
    age(credit)
    credits_expire()
    credits_expire()
    assert (balance(tenant), left(tenant)) == (Decimal(1), [])
    with acting_as("operator"):
        [entry] = LedgerEntry.objects.filter(transaction__kind="expiry", account="wallet", tenant_id=tenant.id)
    assert entry.amount == amount - 5
    agree(tenant)


def test_what_running_jobs_hold_does_not_expire_under_them() -> None:
    tenant = make_tenant(balance=0)
    credit = grant(tenant, "0.5")
    submit_generation(tenant)
    job = claim_one(register())
    age(credit)
    credits_expire()
    assert balance(tenant) == job.hold_amount
    result = succeeded(job)
    assert finish(job, result) == "ended"
    assert balance(tenant) == job.hold_amount - Decimal(result["charge"]["amount"]) > 0
    credits_expire()
    assert (balance(tenant), left(tenant)) == (Decimal(0), [])
    agree(tenant)


def test_a_refund_goes_back_where_the_money_came_from(tenant: Tenant) -> None:
    credit = grant(tenant, "0.03")
    job, amount = run(tenant)
    paid = amount - Decimal("0.03")
    with acting_as("operator"):
        refund = partial(charge_refund, tenant_id=tenant.id, generation_id=job.id, reason="x", actor=SYSTEM)
        refund(amount=paid + Decimal("0.01"))
        assert (left(tenant), balance(tenant)) == ([Decimal("0.01")], Decimal("1.01"))
        refund(amount=None)
    assert (left(tenant), balance(tenant)) == ([Decimal("0.03")], Decimal("1.03"))
    agree(tenant)
    age(credit)
    credits_expire()
    assert balance(tenant) == 1


def test_a_correction_takes_paid_money_and_no_credit(tenant: Tenant) -> None:
    grant(tenant, "5")
    before = books()
    with acting_as("operator"), pytest.raises(ChangeRefused, match="without credits"):
        wallet_adjust(tenant_id=tenant.id, amount=Decimal("-1.000000001"), reason="x", actor=SYSTEM)
    assert books() == before


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity", "0.0000000001", "1E+11"])
def test_what_is_no_amount_gives_no_credit(tenant: Tenant, amount: str) -> None:
    before = books()
    with pytest.raises(ValuesInvalid):
        grant(tenant, amount)
    assert books() == before


def test_a_credit_that_has_expired_already_is_refused(tenant: Tenant) -> None:
    before = books()
    with pytest.raises(ValuesInvalid, match="expired already"):
        grant(tenant, "1", days=-1)
    assert books() == before


def plan_with(credit: str) -> Plan:
    terms = PlanTerms(included_credit=Decimal(credit))
    with acting_as("operator"):
        return plan_create(slug=f"p-{secrets.token_hex(6)}", name="Plus", currency="USD", terms=terms, actor=SYSTEM)


def test_a_plans_credit_comes_at_once_each_month_and_goes_with_it() -> None:
    tenant = make_tenant(balance=0, plan=plan_with("3"), billing_timezone="Asia/Tokyo")
    assert left(tenant) == [Decimal(3)]
    credits_of_plans()
    assert left(tenant) == [Decimal(3)]
    with acting_as("operator"):
        [credit] = Credit.objects.filter(tenant_id=tenant.id)
        assert (credit.source, credit.expires_at.astimezone().utcoffset()) == ("plan", timedelta(0))
        assert credit.expires_at.hour == 15  # midnight in Tokyo
        # a month passes
        Credit.objects.filter(id=credit.id).update(month=credit.month - timedelta(days=31), expires_at=timezone.now())
    credits_expire()
    credits_of_plans()
    assert left(tenant) == [Decimal(3)]
    agree(tenant)
