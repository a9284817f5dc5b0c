"""Credit notes and refunds of charges share what is left: nothing is given back twice, whichever comes first."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest
from django.db import connections

from accounts.actor import SYSTEM
from accounts.models import Tenant
from billing.charges.services import charge_refund
from billing.credit_notes.services import credit_note_issue, lines_left
from billing.credits.services import credit_grant
from billing.errors import BillingRefused, ChangeRefused, InvoiceRefused, ValuesInvalid
from billing.invoices.selectors import invoice_preview
from billing.models import CreditNote, Invoice, LedgerTransaction
from billing.money import ZERO
from billing.reconcile import Scope, books_checks
from cavendish.db.pool import conninfo
from cavendish.db.router import acting_as
from tests.billing.invoices.helpers import OCTOBER, balances, billed_tenant, differing, finalise, lines, spend
from tests.generations.helpers import one

D = Decimal
NOVEMBER = date(2026, 11, 1)
SIX = {"image_output": 100_000}  # 6.00


def refund(tenant: Tenant, generation_id: UUID, amount: str | None = None) -> LedgerTransaction:
    with acting_as("operator"):
        return charge_refund(
            tenant_id=tenant.id, generation_id=generation_id, amount=None if amount is None else D(amount),
            reason="Sorry", actor=SYSTEM,
        )  # fmt: skip


def credit(invoice: Invoice, of_lines: dict[int, str] | None = None) -> CreditNote:
    amounts = {number: D(amount) for number, amount in of_lines.items()} if of_lines is not None else None
    with acting_as("operator"):
        return credit_note_issue(invoice_id=invoice.id, reason="Sorry", actor=SYSTEM, lines=amounts)


def left(invoice: Invoice) -> dict[int, Decimal]:
    with acting_as("operator"):
        return lines_left(invoice)


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(BillingRefused) as caught:
        act()
    return str(caught.value)


def billed(*usages: dict[str, int], rate: str | None = None, credits: str = "0") -> tuple[Tenant, list[UUID], Invoice]:
    """A prepaid tenant with an invoice of October over these jobs, which leave 100 less what they cost."""
    tenant = billed_tenant(balance=100, tax_rate=D(rate) if rate else None)
    if D(credits):
        with acting_as("operator"):
            credit_grant(tenant_id=tenant.id, amount=D(credits), expires_at=None, reason="Gift", actor=SYSTEM)
    jobs = [spend(tenant, OCTOBER, usage) for usage in usages]
    return tenant, jobs, finalise(tenant)


def test_what_was_credited_whole_is_not_refunded_and_what_was_refunded_is_not_credited() -> None:
    """The case of the books: an invoice is credited whole, then each of its charges is refunded again."""
    tenant, jobs, invoice = billed(SIX, SIX)
    credit(invoice)
    for job in jobs:
        assert "Nothing of this charge is left" in refused(lambda job=job: refund(tenant, job))  # type: ignore[misc]
    assert balances(tenant)["wallet"] == 100
    tenant, jobs, invoice = billed(SIX, SIX, rate="19")
    refund(tenant, jobs[0])
    assert "only 6.00 USD are left" in refused(lambda: credit(invoice, {1: "6.01"}))
    note = credit(invoice)
    # the tax of the refund goes back with the invoice on which the refund stands
    assert (note.net, note.tax) == (D(6), D("1.14"))
    assert "credited in full, or its charges were refunded" in refused(lambda: credit(invoice))
    assert "Nothing of this charge is left" in refused(lambda: refund(tenant, jobs[1]))
    assert differing(tenant) == set()


def test_a_note_of_a_part_takes_its_part_of_each_charge_of_the_line_alone() -> None:
    tenant, jobs, invoice = billed(SIX, SIX, {"thought_output": 1_000_000})  # 12 for pictures, 3 for thoughts
    assert [(line.kind, line.amount) for line in lines(invoice)] == [("thought_output", D(3)), ("image_output", D(12))]
    credit(invoice, {2: "3"})  # a quarter of each
    assert "4.500000000 USD is left" in wrong_amount(lambda: refund(tenant, jobs[0], "4.51"))
    refund(tenant, jobs[0])
    assert left(invoice) == {1: 3, 2: D("4.50")}
    refund(tenant, jobs[2], "3")
    assert "only 4.50 USD are left" in refused(lambda: credit(invoice, {2: "4.51"}))
    assert credit(invoice).net == D("4.50")
    assert "Nothing of this charge is left" in refused(lambda: refund(tenant, jobs[1]))
    assert balances(tenant)["wallet"] == 100
    assert differing(tenant) == set()


def test_a_refund_of_the_invoices_own_month_has_lowered_it_already() -> None:
    tenant = billed_tenant(balance=100, tax_rate=D(19))
    month = one("owner", "SELECT date_trunc('month', now())::date")
    job = spend(tenant, month, SIX)
    refund(tenant, job, "2")
    with acting_as("operator"):
        assert invoice_preview(tenant).invoice.net == 4
    assert refused_left(tenant, job) == D(4)


def test_money_that_credits_had_paid_is_never_given_back_as_money() -> None:
    tenant, jobs, invoice = billed(SIX, SIX, credits="8")
    assert (invoice.net, [line.amount for line in lines(invoice)]) == (D(4), [D(12), D(-8)])
    assert "only 4.00 USD are left" in refused(lambda: credit(invoice, {1: "5"}))
    credit(invoice, {1: "4"})
    assert balances(tenant)["wallet"] == 100  # 100 + 8 given - 12 used + 4
    refund(tenant, jobs[0])
    refund(tenant, jobs[1])
    paid = one("owner", """SELECT sum(amount) FROM billing_ledgerentry
                           WHERE tenant_id = %s AND account = 'wallet' AND credit_id IS NULL""", tenant.id)  # fmt: skip
    assert paid == 100
    assert differing(tenant) == set()


@pytest.mark.parametrize("parts", [3, 7])
def test_small_parts_both_ways_come_to_the_whole_and_never_to_more(parts: int) -> None:
    tenant, jobs, invoice = billed({"image_output": 1121}, {"image_output": 7777, "text_input": 31})
    for number in range(parts):
        with suppress(BillingRefused):
            if number % 2:
                credit(invoice, {2: "0.03"})
            else:
                refund(tenant, jobs[number % len(jobs)], "0.021234567")
        assert differing(tenant) == set()
    with suppress(BillingRefused):
        credit(invoice)
    for job in jobs:
        with suppress(BillingRefused):
            refund(tenant, job)
    assert differing(tenant) == set()
    # to the whole, but for what no coin is worth
    assert ZERO <= 100 - balances(tenant)["wallet"] < D("0.02")


def test_twenty_at_once_both_ways_give_back_what_there_was_once() -> None:
    tenant, jobs, invoice = billed(SIX)

    def give_back(number: int) -> Decimal:
        try:
            if number % 2:
                return -one_wallet(refund(tenant, jobs[0], "0.50"))
            return credit(invoice, {1: "0.50"}).net
        except (ChangeRefused, InvoiceRefused, ValuesInvalid):
            return ZERO
        finally:
            connections["operator"].close()

    with ThreadPoolExecutor(20) as threads:
        given = list(threads.map(give_back, range(20)))
    assert sum(map(abs, given)) == 6
    assert given.count(ZERO) == 8
    assert balances(tenant)["wallet"] == 100
    assert differing(tenant) == set()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE billing_creditnote SET net = net + 10, total = total + 10, to_balance = to_balance + 10 "
        "WHERE tenant_id = %(tenant)s",
        "UPDATE billing_ledgerentry SET amount = amount + 5 WHERE account = 'wallet' AND transaction_id IN "
        "(SELECT id FROM billing_ledgertransaction WHERE kind = 'refund' AND tenant_id = %(tenant)s)",
        "UPDATE billing_creditnoteline SET kept = 0 WHERE tenant_id = %(tenant)s",
    ],
)
def test_reconcile_finds_what_was_given_back_twice(given: Tenant, statement: str) -> None:
    [check] = [check for check in books_checks() if check.name == "given_back"]
    with psycopg.connect(conninfo("owner")) as owner:
        assert not owner.execute(check.sql.encode(), Scope(given.id).values()).fetchall()
        for table in ("billing_creditnote", "billing_creditnoteline", "billing_ledgerentry"):
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
        assert owner.execute(statement.encode(), {"tenant": given.id}).rowcount > 0
        assert owner.execute(check.sql.encode(), Scope(given.id).values()).fetchall()
        owner.rollback()


@pytest.fixture(scope="module")
def given(django_db_setup: None) -> Tenant:
    """Of a line of 12 a third is credited, and of one of its two charges 4 that were left are refunded."""
    tenant, jobs, invoice = billed(SIX, SIX)
    credit(invoice, {1: "4"})
    refund(tenant, jobs[0], "4")
    return tenant


def one_wallet(movement: LedgerTransaction) -> Decimal:
    with acting_as("operator"):
        amounts = [entry.amount for entry in movement.entries.all() if entry.account == "wallet"]
    return -sum(amounts, ZERO)


def wrong_amount(act: Callable[[], object]) -> str:
    with pytest.raises(ValuesInvalid) as caught:
        act()
    return "; ".join(error.detail for error in caught.value.errors)


def refused_left(tenant: Tenant, job: UUID) -> Decimal:
    """What is left of a charge, out of the refusal of more."""
    return D(wrong_amount(lambda: refund(tenant, job, "99")).split()[3])
