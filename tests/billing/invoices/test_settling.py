"""Payments of invoices: in parts, too much, at once, taken back, out of the balance."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import pytest
from django.db import connections

from billing.credits.services import credit_grant
from billing.errors import ChangeRefused, InvoiceRefused, ValuesInvalid
from billing.models import Payment
from billing.money import ZERO
from billing.wallets.services import wallet_adjust, wallet_credit_limit_set
from cavendish.db.router import acting_as
from tests.billing.invoices.helpers import (
    balances,
    billed_tenant,
    differing,
    events,
    finalise,
    fresh,
    spend,
)
from tests.billing.invoices.settling import (
    CLERK,
    SIXTY,
    VAT,
    from_balance,
    left,
    owing,
    pay,
    reverse,
    top_up,
    void,
)
from tests.generations.helpers import one, rows


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
