"""Payments, credit notes and voids: what they do to the invoice and to the ledger, and what they refuse."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connections, transaction

from accounts.actor import Actor
from accounts.models import Tenant
from billing.credit_notes.services import credit_note_issue
from billing.credits.services import credit_grant
from billing.errors import ChangeRefused, InvoiceRefused, ValuesInvalid
from billing.invoices.representation import invoice_json
from billing.invoices.selectors import invoice_detail
from billing.invoices.services import invoice_finalise, invoice_void, invoices_finalise
from billing.models import CreditNote, Invoice, Payment
from billing.money import ZERO
from billing.payments import payment_from_balance, payment_record, payment_reverse
from billing.wallets.services import wallet_adjust, wallet_credit_limit_set, wallet_top_up
from cavendish.db.router import acting_as
from tests.billing.invoices.helpers import (
    OCTOBER,
    balances,
    billed_tenant,
    differing,
    events,
    finalise,
    fresh,
    lines,
    make_entity,
    profile_set,
    spend,
)
from tests.generations.helpers import one, rows

CLERK = Actor("operator_key", None, "clerk")
VAT: dict[str, Any] = {"tax_rate": Decimal(19), "tax_label": "VAT"}
SIXTY = {"image_output": 1_000_140}  # 60.0084
TODAY = date(2026, 11, 25)


def owing(**profile: Any) -> tuple[Tenant, Invoice]:
    """A postpaid tenant that owes 71.41: 60.01 and the tax on it."""
    tenant = billed_tenant(balance=0, credit_limit=1000, **{**VAT, **profile})
    spend(tenant, usage=SIXTY)
    return tenant, finalise(tenant)


def pay(
    invoice: Invoice, amount: str, reference: str = "wire 1", method: str = "manual", received_on: date = TODAY
) -> Payment:
    with acting_as("operator"):
        return payment_record(
            invoice_id=invoice.id, amount=Decimal(amount), received_on=received_on, reference=reference, actor=CLERK,
            method=method,
        )  # fmt: skip


def reverse(payment: Payment) -> Payment:
    with acting_as("operator"):
        return payment_reverse(payment_id=payment.id, reason="Bounced", actor=CLERK)


def from_balance(invoice: Invoice) -> Decimal:
    with acting_as("operator"):
        return payment_from_balance(invoice_id=invoice.id, actor=CLERK)


def top_up(tenant: Tenant, amount: str, reference: str = "") -> None:
    with acting_as("operator"):
        wallet_top_up(tenant_id=tenant.id, amount=Decimal(amount), reason="SEPA", reference=reference, actor=CLERK)


def credit(invoice: Invoice, lines: dict[int, str] | None = None) -> CreditNote:
    amounts = {number: Decimal(amount) for number, amount in lines.items()} if lines is not None else None
    with acting_as("operator"):
        return credit_note_issue(invoice_id=invoice.id, reason="Sorry", actor=CLERK, lines=amounts)


def void(invoice: Invoice) -> Invoice:
    with acting_as("operator"):
        return invoice_void(invoice_id=invoice.id, reason="Wrong address", actor=CLERK)


def left(invoice: Invoice) -> Any:
    return fresh(invoice.id).amount_due - one("owner", "SELECT invoice_settled(%s)", invoice.id)


def test_a_payment_in_full_pays_the_invoice_and_fills_the_wallet() -> None:
    tenant, invoice = owing()
    pay(invoice, "71.41")
    assert fresh(invoice.id).status == "paid"
    assert events(invoice.id)[-1] == "invoice.paid"
    assert balances(tenant) == {
        "wallet": ZERO,
        "funding": Decimal("-71.41"),
        "revenue": Decimal("60.0084"),
        "tax": Decimal("11.40"),
        "rounding": Decimal("0.0016"),
    }
    [audited] = rows("owner", "SELECT actor_label, after FROM accounts_auditevent WHERE target_id = %s", invoice.id.hex)
    assert (audited["actor_label"], audited["after"]["amount"]) == ("clerk", "71.41")


def test_parts_may_come_one_by_one_and_each_reference_once() -> None:
    tenant, invoice = owing()
    pay(invoice, "70", "wire 1")
    assert (fresh(invoice.id).status, left(invoice)) == ("finalised", Decimal("1.41"))
    before = balances(tenant)
    with pytest.raises(InvoiceRefused) as refused:
        pay(invoice, "1", "wire 1")
    assert refused.value.reason == "payment_known"
    with pytest.raises(ChangeRefused, match=rf"wire 1 paid invoice {invoice.number}"):
        top_up(tenant, "1", "wire 1")
    assert balances(tenant) == before
    pay(invoice, "1.41", "wire 2")
    assert fresh(invoice.id).status == "paid"
    with pytest.raises(InvoiceRefused) as refused:
        pay(invoice, "1", "wire 3")
    assert refused.value.reason == "paid"


def test_what_is_paid_beyond_the_invoice_goes_into_the_balance_and_comes_back_with_the_payment() -> None:
    tenant, invoice = owing()
    paid = pay(invoice, "80")
    assert (paid.amount, paid.overpaid) == (Decimal("71.41"), Decimal("8.59"))
    assert (fresh(invoice.id).status, balances(tenant)["wallet"]) == ("paid", Decimal("8.59"))
    assert differing(tenant) == set()
    reverse(paid)
    assert (fresh(invoice.id).status, left(invoice)) == ("finalised", Decimal("71.41"))
    assert fresh(invoice.id).paid_at is None
    assert balances(tenant)["wallet"] == Decimal("-71.41")
    assert balances(tenant)["funding"] == 0
    assert events(invoice.id)[-1] == "invoice.payment_reversed"
    with pytest.raises(ChangeRefused, match="taken back already"):
        reverse(paid)
    pay(invoice, "71.41")  # the reference is free again
    assert fresh(invoice.id).status == "paid"
    assert differing(tenant) == set()


def test_a_payment_that_is_taken_back_and_used_since_asks_for_a_limit() -> None:
    tenant, invoice = owing()
    paid = pay(invoice, "71.41")
    with acting_as("operator"):
        wallet_credit_limit_set(tenant_id=tenant.id, credit_limit=Decimal(0), actor=CLERK)
    with pytest.raises(ChangeRefused, match=r"71\.410000000 is used since. Raise the credit limit"):
        reverse(paid)
    assert fresh(invoice.id).status == "paid"


def test_a_reversed_payment_lets_the_invoice_be_voided() -> None:
    tenant, invoice = owing()
    reverse(pay(invoice, "5"))
    drafted = void(invoice)
    assert (fresh(invoice.id).status, drafted.status) == ("void", "draft")
    assert differing(tenant) == set()


@pytest.mark.parametrize(("day", "code"), [(date(2027, 5, 1), "in_the_future"), (date(2020, 1, 1), "too_early")])
def test_days_on_which_no_payment_came(day: date, code: str) -> None:
    _, invoice = owing()
    with pytest.raises(ValuesInvalid) as refused:
        pay(invoice, "1", received_on=day)
    assert [error.code for error in refused.value.errors] == [code]


def test_a_providers_money_is_kept_where_the_invoice_was_settled_meanwhile() -> None:
    tenant, invoice = owing()
    pay(invoice, "71.41")
    late = pay(invoice, "71.41", "ch_2", method="provider")
    assert (late.amount, late.overpaid, balances(tenant)["wallet"]) == (ZERO, Decimal("71.41"), Decimal("71.41"))
    assert pay(invoice, "71.41", "ch_2", method="provider").id == late.id
    assert balances(tenant)["wallet"] == Decimal("71.41")
    assert differing(tenant) == set()


def test_a_reference_is_booked_once_over_top_ups_and_payments() -> None:
    tenant, invoice = owing()

    def try_to_book(number: int) -> str:
        try:
            if number % 2:
                pay(invoice, "1", "wire 9")
            else:
                top_up(tenant, "1", "wire 9")
        except ChangeRefused as refused:
            return str(refused.code)
        except InvoiceRefused:
            return "reference_used"
        finally:
            connections["operator"].close()
        return "booked"

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(try_to_book, range(8))) == ["booked", *["reference_used"] * 7]


def test_money_that_comes_pays_what_the_wallet_could_not_carry_the_oldest_first() -> None:
    """The case of the books: a prepaid tenant that owes tax, and tops up."""
    tenant = billed_tenant(balance=65, **VAT)
    spend(tenant, usage=SIXTY)
    invoice = finalise(tenant)
    assert (invoice.amount_due, left(invoice)) == (Decimal("6.41"), Decimal("6.41"))
    had = balances(tenant)["wallet"]
    top_up(tenant, "2.005")
    assert (fresh(invoice.id).status, left(invoice)) == ("finalised", Decimal("4.41"))
    top_up(tenant, "50")
    assert (fresh(invoice.id).status, left(invoice)) == ("paid", ZERO)
    found = balances(tenant)
    assert (found["wallet"], found["receivable"]) == (had + Decimal("52.005") - Decimal("6.41"), ZERO)
    kinds = rows("owner", "SELECT kind, reason FROM billing_ledgertransaction WHERE invoice_id = %s", invoice.id)
    assert {"kind": "settlement", "reason": invoice.number} in kinds
    assert differing(tenant) == set()


def test_money_that_comes_pays_what_a_postpaid_tenant_owes_and_asks_for_nothing_twice() -> None:
    tenant, invoice = owing()
    spend(tenant, date(2026, 11, 1), SIXTY)  # on no invoice yet: 60.0084
    top_up(tenant, "50")
    assert (fresh(invoice.id).status, left(invoice)) == ("finalised", Decimal("21.41"))
    # the wallet owes 81.4184 then: 21.41 of the invoice, the rest of this month
    assert balances(tenant)["wallet"] == Decimal("-81.4184")
    top_up(tenant, "21.41")
    assert fresh(invoice.id).status == "paid"
    assert balances(tenant)["wallet"] == Decimal("-60.0084")
    with acting_as("operator"):
        wallet_adjust(tenant_id=tenant.id, amount=Decimal(10), reason="A price", actor=CLERK)
    assert differing(tenant) == set()


def test_a_correction_of_price_lowers_the_next_invoice_and_not_this_one_too() -> None:
    tenant, invoice = owing()
    with acting_as("operator"):
        wallet_adjust(tenant_id=tenant.id, amount=Decimal(10), reason="A price", actor=CLERK)
    assert left(invoice) == Decimal("71.41")


def test_credits_and_what_is_held_pay_no_invoice_and_an_operator_may_ask_for_the_rest() -> None:
    tenant = billed_tenant(balance=65, **VAT)
    spend(tenant, usage=SIXTY)
    invoice = finalise(tenant)
    with acting_as("operator"):
        credit_grant(tenant_id=tenant.id, amount=Decimal(100), expires_at=None, reason="Gift", actor=CLERK)
    assert left(invoice) == Decimal("6.41")
    for _ in range(2):
        with pytest.raises(ChangeRefused, match="no free money"):
            from_balance(invoice)
    top_up(tenant, "10")
    paid = one("owner", "SELECT id FROM billing_payment WHERE invoice_id = %s", invoice.id)
    with acting_as("operator"):
        reverse(Payment.objects.get(id=paid))
    assert (fresh(invoice.id).status, left(invoice)) == ("finalised", Decimal("6.41"))
    assert from_balance(invoice) == Decimal("6.41")
    assert fresh(invoice.id).status == "paid"
    assert differing(tenant) == set()


def test_what_the_wallet_could_not_carry_is_paid_first() -> None:
    tenant = billed_tenant(balance=65, **VAT)
    spend(tenant, usage=SIXTY)
    invoice = finalise(tenant)
    assert (invoice.amount_due, invoice.receivable) == (Decimal("6.41"), Decimal("6.41"))
    wallet = balances(tenant)["wallet"]
    pay(invoice, "6.41")
    assert balances(tenant)["receivable"] == 0
    assert balances(tenant)["wallet"] == wallet


def test_a_providers_notice_that_comes_twice_books_once() -> None:
    tenant, invoice = owing()
    pay(invoice, "10", "ch_1", method="provider")
    before = balances(tenant)
    pay(invoice, "10", "ch_1", method="provider")
    assert balances(tenant) == before


def test_payments_at_once_never_pay_more_than_is_due() -> None:
    tenant, invoice = owing()

    def try_to_pay(number: int) -> bool:
        try:
            pay(invoice, "20", f"wire {number}")
        except InvoiceRefused:
            return False
        finally:
            connections["operator"].close()
        return True

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(try_to_pay, range(6))) == 4
    # the last of them paid the rest, and what came beyond that is in the balance
    assert (fresh(invoice.id).status, left(invoice)) == ("paid", ZERO)
    assert balances(tenant)["funding"] == -80
    assert balances(tenant)["wallet"] == Decimal("8.59")


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "NaN", "Infinity"])
def test_amounts_that_no_coins_can_pay_are_refused(amount: str) -> None:
    tenant, invoice = owing()
    before = balances(tenant)
    with pytest.raises((ValueError, ArithmeticError)):
        pay(invoice, amount)
    assert balances(tenant) == before


def test_a_credit_note_over_the_whole_takes_everything_back() -> None:
    tenant, invoice = owing()
    note = credit(invoice)
    assert (note.net, note.tax, note.total) == (Decimal("60.01"), Decimal("11.40"), Decimal("71.41"))
    assert (note.to_due, note.to_balance, note.number) == (Decimal("71.41"), ZERO, "CN-000001")
    assert fresh(invoice.id).status == "paid"
    assert balances(tenant)["wallet"] == 0
    assert balances(tenant)["tax"] == 0
    with pytest.raises(InvoiceRefused) as refused:
        credit(invoice)
    assert refused.value.reason == "nothing_left"


def test_lines_are_credited_up_to_what_is_left_and_the_tax_goes_with_them() -> None:
    tenant = billed_tenant(balance=0, credit_limit=1000, **VAT)
    spend(tenant, usage={"image_output": 1_000_140, "thought_output": 1_000_000})
    invoice = finalise(tenant)
    assert [(line.number, line.amount) for line in lines(invoice)] == [(1, Decimal("3.00")), (2, Decimal("60.01"))]
    pay(invoice, str(invoice.amount_due))
    first = credit(invoice, {1: "1.50", 2: "0.01"})
    assert (first.net, first.tax, first.to_due, first.to_balance) == (
        Decimal("1.51"), Decimal("0.29"), ZERO, Decimal("1.80"),
    )  # fmt: skip
    assert balances(tenant)["wallet"] == Decimal("1.80")
    before = balances(tenant)
    for wrong in ({1: "1.51"}, {1: "0"}, {1: "-1"}, {1: "0.001"}, {2: "60.01"}):
        with pytest.raises(InvoiceRefused) as refused:
            credit(invoice, wrong)
        assert refused.value.reason == "line_exceeded"
    with pytest.raises(InvoiceRefused) as refused:
        credit(invoice, {3: "1"})
    assert refused.value.reason == "line_unknown"
    assert balances(tenant) == before
    rest = credit(invoice)
    assert first.tax + rest.tax == invoice.tax
    assert first.total + rest.total == invoice.total


def test_a_credit_note_lowers_what_is_due_and_gives_back_the_rest() -> None:
    tenant, invoice = owing()
    pay(invoice, "70")
    note = credit(invoice, {1: "10"})
    assert (note.total, note.to_due, note.to_balance) == (Decimal("11.90"), Decimal("1.41"), Decimal("10.49"))
    assert fresh(invoice.id).status == "paid"
    assert balances(tenant)["wallet"] == Decimal("10.49")
    with acting_as("operator"):
        shown = invoice_json(invoice_detail(fresh(invoice.id)))
    credited = ("amount_paid", "amount_credited", "amount_credited_to_balance", "amount_left")
    assert [shown[name] for name in credited] == ["70.00", "11.90", "10.49", "0.00"]


def test_credit_notes_have_a_series_without_gaps_of_their_own() -> None:
    entity = make_entity(credit_note_prefix="G-{year}-")
    numbers = []
    for _ in range(3):
        _, invoice = owing(entity=entity)
        numbers.append(credit(invoice).number)
    assert numbers == ["G-2026-000001", "G-2026-000002", "G-2026-000003"]


def test_credit_notes_at_once_never_credit_more_than_there_is() -> None:
    tenant, invoice = owing()

    def try_to_credit(_: int) -> bool:
        try:
            credit(invoice, {1: "25"})
        except InvoiceRefused:
            return False
        finally:
            connections["operator"].close()
        return True

    with ThreadPoolExecutor(5) as threads:
        assert sum(threads.map(try_to_credit, range(5))) == 2
    assert one("owner", "SELECT sum(net) FROM billing_creditnote WHERE invoice_id = %s", invoice.id) == 50
    assert balances(tenant)["wallet"] == Decimal("-71.41") + Decimal("59.50")


def test_a_void_invoice_keeps_its_number_and_its_month_is_drafted_again() -> None:
    tenant, invoice = owing(name="Old Ltd")
    before = balances(tenant)
    profile_set(tenant, name="New Ltd", tax_rate=None)
    drafted = void(invoice)
    assert (fresh(invoice.id).status, fresh(invoice.id).number) == ("void", invoice.number)
    assert (drafted.status, drafted.replaces_id, drafted.exact) == ("draft", invoice.id, invoice.exact)
    assert balances(tenant)["wallet"] == -invoice.exact
    with acting_as("operator"):
        invoice_finalise(invoice_id=drafted.id)
    again = fresh(drafted.id)
    assert (again.customer["name"], again.total) == ("New Ltd", Decimal("60.01"))
    assert (again.series_number, invoice.series_number) == (2, 1)
    assert balances(tenant)["revenue"] == before["revenue"]
    assert events(invoice.id)[-1] == "invoice.voided"


def test_a_prepaid_invoice_can_be_voided_too_and_gives_back_what_it_took() -> None:
    tenant = billed_tenant(balance=100, **VAT)
    spend(tenant, usage=SIXTY)
    before = balances(tenant)["wallet"]
    invoice = finalise(tenant)
    assert invoice.status == "paid"
    void(invoice)
    assert balances(tenant)["wallet"] == before


def test_what_was_paid_or_credited_cannot_be_voided_nor_a_draft_or_a_void_one() -> None:
    _, invoice = owing()
    pay(invoice, "1")
    _, credited = owing()
    credit(credited, {1: "1"})
    for settled in (invoice, credited):
        with pytest.raises(InvoiceRefused) as refused:
            void(settled)
        assert refused.value.reason == "settled"
    other, voided = owing()
    drafted = void(voided)
    for wrong, code in ((drafted, "draft"), (voided, "void")):
        for change in (void, credit, lambda it: pay(it, "1")):
            with pytest.raises(InvoiceRefused) as refused:
                change(wrong)
            assert refused.value.reason == code
    assert balances(other)["wallet"] == -voided.exact


def test_the_draft_after_a_void_waits_for_a_person() -> None:
    _, invoice = owing()
    drafted = void(invoice)
    with acting_as("operator"):
        invoices_finalise(month=OCTOBER)
    assert fresh(drafted.id).status == "draft"


@pytest.mark.parametrize("alias", ["default", "operator", "owner"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE billing_payment SET amount = 1 WHERE invoice_id = %s",
        "DELETE FROM billing_payment WHERE invoice_id = %s",
        "UPDATE billing_creditnote SET reason = 'x' WHERE invoice_id = %s",
        "DELETE FROM billing_creditnote WHERE invoice_id = %s",
        "DELETE FROM billing_creditnoteline WHERE tenant_id = (SELECT tenant_id FROM billing_invoice WHERE id = %s)",
        "UPDATE billing_invoice SET status = 'void', voided_at = now() WHERE id = %s",
        "UPDATE billing_invoice SET status = 'paid', paid_at = now() WHERE id = %s",
    ],
)
def test_what_was_settled_cannot_be_changed_by_anybody(settled: UUID, alias: str, statement: str) -> None:
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        tenant = one("owner", "SELECT tenant_id FROM billing_invoice WHERE id = %s", settled)
        cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant)])
        with pytest.raises(DatabaseError):
            cursor.execute(statement, [settled])
        transaction.set_rollback(True, using=alias)


@pytest.fixture(scope="module")
def settled(django_db_setup: None) -> UUID:
    """An invoice with a payment and a credit note, and something left."""
    _, invoice = owing()
    pay(invoice, "1")
    credit(invoice, {1: "1"})
    assert fresh(invoice.id).status == "finalised"
    return invoice.id
