"""Money by hand: what is paid in, corrected and given back; each a new entry, with a reason and a person (I4)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import connections

from accounts.actor import Actor
from accounts.members.services import membership_create
from accounts.models import AuditEvent, Role, Tenant
from accounts.people.services import user_create
from billing.charges.services import charge_refund, flagged_charge_resolve
from billing.errors import ChangeRefused, InsufficientBalance, ValuesInvalid
from billing.models import LedgerTransaction, Wallet
from billing.wallets.services import (
    wallet_adjust,
    wallet_credit_limit_set,
    wallet_threshold_set,
    wallet_top_up,
    wallets_watch,
)
from cavendish.db.router import acting_as
from cavendish.events.models import Event
from cavendish.http.problems import Problem
from cavendish.mail.models import Mail
from generations.work.job import Job
from tests.billing.operators import books
from tests.factories import make_tenant, submit_generation
from tests.generations.helpers import books_balance, claim_one, finish, in_threads, register, rows, succeeded

ALICE = Actor("operator", None, "alice@example.com", "192.0.2.1")
NO_AMOUNTS = ["0", "NaN", "Infinity", "-Infinity", "0.0000000001", "100000000000"]


@pytest.fixture
def tenant(django_db_setup: None) -> Tenant:
    return make_tenant(balance=10)


def wallet(tenant: Tenant) -> Wallet:
    with acting_as("operator"):
        found: Wallet = Wallet.objects.get(tenant_id=tenant.id, livemode=True)
        return found


def entries(tenant: Tenant, kind: str) -> list[tuple[str, Decimal]]:
    found = rows(
        "owner",
        """SELECT e.account, e.amount
           FROM billing_ledgerentry e JOIN billing_ledgertransaction t ON t.id = e.transaction_id
           WHERE t.tenant_id = %s AND t.kind = %s ORDER BY e.id""",
        tenant.id, kind,
    )  # fmt: skip
    return [(row["account"], row["amount"]) for row in found]


def as_operator(service: Callable[..., Any], **values: Any) -> Any:
    with acting_as("operator"):
        return service(**values)


def charged(tenant: Tenant, *, flags: list[str] | None = None) -> tuple[UUID, Decimal]:
    """A generation that was charged, and how much."""
    submit_generation(tenant)
    job: Job = claim_one(register())
    result = succeeded(job)
    result["charge"]["flags"] = flags or []
    assert finish(job, result) == "ended"
    return job.id, Decimal(result["charge"]["amount"])


def test_a_top_up_is_booked_with_its_reason_and_person(tenant: Tenant) -> None:
    made: LedgerTransaction = as_operator(
        wallet_top_up, tenant_id=tenant.id, amount=Decimal("2.5"), reason="Bank transfer 12", actor=ALICE
    )
    assert (made.reason, made.actor) == ("Bank transfer 12", "operator alice@example.com")
    assert wallet(tenant).balance == Decimal("12.5")
    assert entries(tenant, "top_up")[2:] == [("wallet", Decimal("2.5")), ("funding", Decimal("-2.5"))]
    with acting_as("operator"):
        event = AuditEvent.objects.filter(tenant_id=tenant.id, action="wallet.topped_up").latest("id")
        told = Event.objects.filter(subject=made.id).get()
    assert (event.actor_label, event.after["reason"]) == ("alice@example.com", "Bank transfer 12")
    assert (told.type, told.data["amount"]) == ("wallet.topped_up", "2.500000000")


@pytest.mark.parametrize("amount", ["3", "-3", "-10"])
def test_an_adjustment_gives_or_takes(tenant: Tenant, amount: str) -> None:
    as_operator(wallet_adjust, tenant_id=tenant.id, amount=Decimal(amount), reason="Agreed", actor=ALICE)
    assert wallet(tenant).balance == 10 + Decimal(amount)
    assert entries(tenant, "adjustment") == [("wallet", Decimal(amount)), ("adjustments", -Decimal(amount))]


@pytest.mark.parametrize("service", [wallet_top_up, wallet_adjust])
@pytest.mark.parametrize("amount", NO_AMOUNTS)
def test_what_is_no_amount_changes_nothing(tenant: Tenant, service: Callable[..., Any], amount: str) -> None:
    before = books()
    with pytest.raises(ValuesInvalid) as caught:
        as_operator(service, tenant_id=tenant.id, amount=Decimal(amount), reason="x", actor=ALICE)
    assert [error.pointer for error in caught.value.errors] == ["/amount"]
    assert books() == before


def test_nothing_that_is_held_can_be_taken(tenant: Tenant, quiet: None) -> None:
    submit_generation(tenant)
    free = wallet(tenant).balance - wallet(tenant).held
    before = books()
    with pytest.raises(ChangeRefused, match="is held for generations"):
        as_operator(wallet_adjust, tenant_id=tenant.id, amount=-free - Decimal("0.000000001"), reason="x", actor=ALICE)
    assert books() == before
    as_operator(wallet_adjust, tenant_id=tenant.id, amount=-free, reason="x", actor=ALICE)
    assert wallet(tenant).balance == wallet(tenant).held


def test_the_balance_stays_within_what_the_books_hold(tenant: Tenant) -> None:
    before = books()
    with pytest.raises(ChangeRefused, match="larger than the books"):
        as_operator(
            wallet_top_up, tenant_id=tenant.id, amount=Decimal("99999999999.999999999"), reason="x", actor=ALICE
        )
    assert books() == before


def test_a_credit_limit_lets_the_balance_fall_below_zero_and_no_further(quiet: None) -> None:
    tenant = make_tenant(balance=0)
    with pytest.raises(InsufficientBalance):
        submit_generation(tenant)
    as_operator(wallet_credit_limit_set, tenant_id=tenant.id, credit_limit=Decimal(1), actor=ALICE)
    generation, amount = charged(tenant)
    assert (wallet(tenant).balance, generation) == (-amount, generation)
    books_balance(tenant)


def test_a_credit_limit_below_what_is_owed_and_held_becomes_that(quiet: None) -> None:
    tenant = make_tenant(balance=0)
    as_operator(wallet_credit_limit_set, tenant_id=tenant.id, credit_limit=Decimal(1), actor=ALICE)
    _, amount = charged(tenant)
    submit_generation(tenant)
    held = wallet(tenant).held
    after: Wallet = as_operator(wallet_credit_limit_set, tenant_id=tenant.id, credit_limit=Decimal(0), actor=ALICE)
    assert after.credit_limit == wallet(tenant).credit_limit == amount + held > 0
    with pytest.raises(InsufficientBalance):
        submit_generation(tenant)


@pytest.mark.parametrize("limit", ["-1", "NaN", "0.0000000001", "100000000000"])
def test_a_wrong_credit_limit_changes_nothing(tenant: Tenant, limit: str) -> None:
    before = books()
    with pytest.raises(ValuesInvalid):
        as_operator(wallet_credit_limit_set, tenant_id=tenant.id, credit_limit=Decimal(limit), actor=ALICE)
    assert books() == before


def low(tenant: Tenant) -> tuple[int, int]:
    """How often it was told: events and mails."""
    with acting_as("operator"):
        events = Event.objects.filter(tenant_id=tenant.id, type="wallet.low_balance").count()
        return events, Mail.objects.filter(tenant_id=tenant.id, subject__endswith="left").count()


def test_a_low_balance_is_told_once_until_it_has_risen_again(tenant: Tenant) -> None:
    with acting_as("operator"):
        for role in (Role.OWNER, Role.BILLING, Role.DEVELOPER):
            user = user_create(email=f"{role}@{tenant.slug}.example.com", password="a-password-of-ours")
            membership_create(tenant=tenant, user=user, role=role)
    as_operator(wallet_threshold_set, tenant_id=tenant.id, threshold=Decimal(10), actor=ALICE)
    wallets_watch()
    assert low(tenant) == (0, 0)  # ten is not below ten
    as_operator(wallet_adjust, tenant_id=tenant.id, amount=Decimal(-1), reason="x", actor=ALICE)
    in_threads(4, lambda _: wallets_watch(), range(4))
    assert low(tenant) == (1, 1)
    as_operator(wallet_adjust, tenant_id=tenant.id, amount=Decimal(-1), reason="x", actor=ALICE)
    wallets_watch()
    assert low(tenant) == (1, 1)
    as_operator(wallet_top_up, tenant_id=tenant.id, amount=Decimal(5), reason="x", actor=ALICE)
    as_operator(wallet_adjust, tenant_id=tenant.id, amount=Decimal(-5), reason="x", actor=ALICE)
    wallets_watch()
    assert low(tenant) == (2, 2)
    with acting_as("operator"):
        mail = Mail.objects.filter(tenant_id=tenant.id).latest("created_at")
    assert sorted(mail.to) == sorted(f"{role}@{tenant.slug}.example.com" for role in ("owner", "billing"))
    assert "8.00 USD can still be spent" in mail.text
    as_operator(wallet_threshold_set, tenant_id=tenant.id, threshold=None, actor=ALICE)
    assert wallet(tenant).low_balance_told_at is None


def test_a_charge_is_given_back_in_parts_and_never_more_than_it_was(tenant: Tenant, quiet: None) -> None:
    generation, amount = charged(tenant)
    refund = {"tenant_id": tenant.id, "generation_id": generation, "reason": "Not as asked for", "actor": ALICE}
    part = amount / 4
    as_operator(charge_refund, amount=part, **refund)
    assert wallet(tenant).balance == 10 - amount + part
    before = books()
    with pytest.raises(ValuesInvalid, match="is left to give back"):
        as_operator(charge_refund, amount=amount - part + Decimal("0.000000001"), **refund)
    assert books() == before
    as_operator(charge_refund, amount=None, **refund)
    assert wallet(tenant).balance == 10
    with pytest.raises(ChangeRefused, match="Nothing of this charge is left"):
        as_operator(charge_refund, amount=None, **refund)
    assert entries(tenant, "refund") == [
        ("wallet", part), ("refunds", -part), ("wallet", amount - part), ("refunds", part - amount)
    ]  # fmt: skip
    books_balance(tenant)


def test_many_refunds_at_once_give_it_back_once(tenant: Tenant, quiet: None) -> None:
    generation, _ = charged(tenant)

    def refund(_: int) -> bool:
        try:
            as_operator(
                charge_refund, tenant_id=tenant.id, generation_id=generation, amount=None, reason="x", actor=ALICE
            )
        except ChangeRefused:
            return False
        else:
            return True
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(refund, range(8))) == 1
    assert wallet(tenant).balance == 10
    books_balance(tenant)


@pytest.mark.parametrize("amount", [*NO_AMOUNTS, "-1"])
def test_a_wrong_refund_changes_nothing(tenant: Tenant, quiet: None, amount: str) -> None:
    generation, _ = charged(tenant)
    before = books()
    with pytest.raises(ValuesInvalid):
        as_operator(
            charge_refund,
            tenant_id=tenant.id,
            generation_id=generation,
            amount=Decimal(amount),
            reason="x",
            actor=ALICE,
        )
    assert books() == before


def test_another_tenants_charge_cannot_be_given_back(tenant: Tenant, quiet: None) -> None:
    generation, _ = charged(tenant)
    with pytest.raises(Problem) as caught:
        as_operator(
            charge_refund, tenant_id=make_tenant().id, generation_id=generation, amount=None, reason="x", actor=ALICE
        )
    assert caught.value.status == 404


def test_a_flagged_charge_is_decided_about_once(tenant: Tenant, quiet: None) -> None:
    generation, amount = charged(tenant, flags=["total_mismatch"])
    decide = {"tenant_id": tenant.id, "generation_id": generation, "actor": ALICE}
    made = as_operator(flagged_charge_resolve, note="Half of it", adjustment=amount / 2, **decide)
    assert (made.note, made.actor) == ("Half of it", "operator alice@example.com")
    assert wallet(tenant).balance == 10 - amount / 2
    before = books()
    with pytest.raises(ChangeRefused, match="has been decided"):
        as_operator(flagged_charge_resolve, note="Again", adjustment=amount / 2, **decide)
    assert books() == before


def test_a_charge_without_flags_needs_no_decision(tenant: Tenant, quiet: None) -> None:
    generation, _ = charged(tenant)
    with pytest.raises(ChangeRefused, match="never flagged"):
        as_operator(
            flagged_charge_resolve, tenant_id=tenant.id, generation_id=generation, note="x", adjustment=Decimal(0),
            actor=ALICE,
        )  # fmt: skip
