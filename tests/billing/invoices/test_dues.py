"""What of an invoice is due: nothing of a prepaid one, all of a postpaid one, the rest where credits cover a part."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from accounts.actor import SYSTEM
from accounts.models import Tenant
from billing.credits.services import credit_grant
from billing.money import ZERO
from cavendish.db.router import acting_as
from tests.billing.invoices.helpers import balances, billed_tenant, finalise, lines, spend
from tests.generations.helpers import one

VAT: dict[str, Any] = {"tax_rate": Decimal(19), "tax_label": "VAT"}
# 60 USD and one cent, exactly 60.0084
SIXTY = {"image_output": 1_000_140}


def test_a_prepaid_invoice_was_paid_from_the_balance() -> None:
    tenant = billed_tenant(balance=100)
    spend(tenant, usage=SIXTY)
    invoice = finalise(tenant)
    assert (invoice.exact, invoice.net, invoice.total) == (Decimal("60.0084"), Decimal("60.01"), Decimal("60.01"))
    assert (invoice.status, invoice.paid_from_balance, invoice.amount_due) == ("paid", Decimal("60.01"), ZERO)
    # what rounding added was taken too, so the balance and the paper agree
    assert balances(tenant)["wallet"] == Decimal("39.99")
    assert balances(tenant)["rounding"] == Decimal("0.0016")


def test_a_prepaid_invoice_takes_its_tax_from_the_balance_too() -> None:
    tenant = billed_tenant(balance=100, **VAT)
    spend(tenant, usage=SIXTY)
    invoice = finalise(tenant)
    assert (invoice.tax, invoice.total, invoice.amount_due) == (Decimal("11.40"), Decimal("71.41"), ZERO)
    found = balances(tenant)
    assert (found["wallet"], found["tax"]) == (Decimal("28.59"), Decimal("11.40"))


def test_tax_that_the_balance_does_not_cover_is_due() -> None:
    tenant = billed_tenant(balance=65, **VAT)
    spend(tenant, usage=SIXTY)
    invoice = finalise(tenant)
    # 4.9916 were left: 4.99 of the 11.4016 are taken, in whole cents the rest is due
    assert (invoice.status, invoice.total, invoice.amount_due) == ("finalised", Decimal("71.41"), Decimal("6.41"))
    assert invoice.receivable == Decimal("6.41")
    found = balances(tenant)
    assert found["wallet"] >= 0
    assert found["receivable"] == Decimal("-6.41")


def test_a_postpaid_invoice_is_due_by_its_terms() -> None:
    tenant = billed_tenant(balance=0, credit_limit=1000, payment_terms_days=30, **VAT)
    spend(tenant, usage=SIXTY)
    invoice = finalise(tenant)
    assert (invoice.status, invoice.paid_from_balance, invoice.amount_due) == ("finalised", ZERO, Decimal("71.41"))
    assert invoice.due_on is not None
    assert invoice.issued_on is not None
    assert (invoice.due_on - invoice.issued_on).days == 30
    assert balances(tenant)["wallet"] == Decimal("-71.41")


def test_money_that_was_there_is_taken_first_and_the_next_invoice_is_due_in_full() -> None:
    tenant = billed_tenant(balance=10, credit_limit=1000)
    spend(tenant, date(2026, 9, 1), usage=SIXTY)
    spend(tenant, usage=SIXTY)
    first = finalise(tenant, date(2026, 9, 1))
    assert (first.paid_from_balance, first.amount_due) == (Decimal("10.00"), Decimal("50.01"))
    second = finalise(tenant)
    assert (second.paid_from_balance, second.amount_due) == (ZERO, Decimal("60.01"))


def test_what_was_used_after_the_month_is_not_due_with_it() -> None:
    tenant = billed_tenant(balance=0, credit_limit=1000)
    spend(tenant, usage=SIXTY)
    spend(tenant, one("owner", "SELECT (now() AT TIME ZONE 'UTC')::date"), usage=SIXTY)
    invoice = finalise(tenant)
    assert invoice.amount_due == Decimal("60.01")


def grant(tenant: Tenant, amount: str) -> None:
    with acting_as("operator"):
        credit_grant(tenant_id=tenant.id, amount=Decimal(amount), expires_at=None, reason="Welcome", actor=SYSTEM)


def test_what_credits_paid_is_a_line_before_the_tax() -> None:
    tenant = billed_tenant(balance=0, credit_limit=1000, **VAT)
    grant(tenant, "20.0084")
    spend(tenant, usage=SIXTY)
    invoice = finalise(tenant)
    found = [(line.type, line.kind, line.exact, line.amount) for line in lines(invoice)]
    assert found == [
        ("usage", "image_output", Decimal("60.0084"), Decimal("60.01")),
        ("credit", "grant", Decimal("-20.0084"), Decimal("-20.01")),
    ]
    assert (invoice.exact, invoice.net, invoice.tax) == (Decimal(40), Decimal("40.00"), Decimal("7.60"))
    assert (invoice.paid_from_balance, invoice.amount_due) == (ZERO, Decimal("47.60"))
    assert balances(tenant)["wallet"] == Decimal("-47.60")


def test_credits_that_are_left_pay_neither_the_tax_nor_an_older_invoice() -> None:
    tenant = billed_tenant(balance=0, credit_limit=1000, **VAT)
    grant(tenant, "100")
    spend(tenant, usage=SIXTY)
    paid = finalise(tenant)
    assert (paid.exact, paid.total, paid.status) == (ZERO, ZERO, "paid")
    assert balances(tenant)["wallet"] == Decimal("39.9916")
    owing = billed_tenant(balance=0, credit_limit=1000, **VAT)
    spend(owing, usage=SIXTY)
    grant(owing, "100")
    assert finalise(owing).amount_due == Decimal("71.41")


def test_a_prepaid_wallet_of_credits_owes_the_tax_of_what_money_paid() -> None:
    tenant = billed_tenant(balance="60.0084", **VAT)
    spend(tenant, usage=SIXTY)
    grant(tenant, "50")
    invoice = finalise(tenant)
    assert (invoice.paid_from_balance, invoice.amount_due) == (Decimal("60.00"), Decimal("11.41"))
    assert balances(tenant)["wallet"] >= 50
