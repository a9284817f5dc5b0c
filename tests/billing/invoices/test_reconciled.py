"""I5: invoice lines = usage = ledger = roll-ups to the last digit, whatever was done; and what is wrong is found."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import psycopg
import pytest

from accounts.actor import SYSTEM
from accounts.models import Tenant
from billing.credit_notes.services import credit_note_issue
from billing.invoices.services import invoice_finalise, invoice_void
from billing.models import Invoice, Payment
from billing.payments import BALANCE, payment_record, payment_reverse
from billing.reconcile import Scope, books_checks, snapshot
from cavendish.db.pool import conninfo
from cavendish.db.router import acting_as
from tests.billing.invoices.helpers import at, billed_tenant, correct, draft, finalise, spend, yesterday
from tests.generations.helpers import one

CHECKS = {"invoices", "invoice_bookings", "invoice_lines", "invoice_numbers", "credit_notes", "seals", "charges_usage",
          "charges_lines", "charges_ledger", "rollups", "wallets", "ledger_balance", "periods"}  # fmt: skip


def differing(tenant: Tenant) -> set[str]:
    scope = Scope(tenant.id)
    with snapshot() as books:
        return {
            check.name for check in books_checks() if check.name in CHECKS and books.run(check, scope, most=1).count
        }


@pytest.fixture(scope="module")
def tenant(django_db_setup: None) -> Tenant:
    """Invoices of every kind: prepaid with tax, partly due, void and issued anew, paid in parts, from the balance
    and taken back, credited; a draft."""
    tenant = billed_tenant(balance=65, credit_limit=1000, tax_rate=Decimal("7.7"), tax_label="VAT")
    for month in (date(2026, 7, 1), date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1)):
        for model in ("gemini-3-pro-image", "gemini-3.1-flash-image"):
            spend(tenant, month, model=model, usage={"text_input": 7, "image_output": 500_007, "thought_output": 333})
    correct(tenant, "0.333333333", at=at("2026-08-03T00:00:00"), kind="refund")
    with acting_as("operator"):
        first = finalise(tenant, date(2026, 7, 1))
        again = invoice_void(invoice_id=first.id, reason="Wrong", actor=SYSTEM)
        invoice_finalise(invoice_id=again.id)
        partly = finalise(tenant, date(2026, 8, 1))
        pay(partly, Decimal("1.01"), "a")
        credit_note_issue(invoice_id=partly.id, reason="Sorry", actor=SYSTEM, lines={3: Decimal("1.23")})
        whole = finalise(tenant, date(2026, 9, 1))
        pay(whole, whole.amount_due, "b")
        credit_note_issue(invoice_id=whole.id, reason="Sorry", actor=SYSTEM)
        # what it gave back paid the rest of August's from the balance; that is taken back
        settled = Payment.objects.get(invoice=partly, method=BALANCE)
        payment_reverse(payment_id=settled.id, reason="Wrong", actor=SYSTEM)
    draft(tenant)
    return tenant


def pay(invoice: Invoice, amount: Decimal, reference: str) -> None:
    payment_record(invoice_id=invoice.id, amount=amount, received_on=yesterday(), reference=reference, actor=SYSTEM)


def test_right_books_agree(tenant: Tenant) -> None:
    assert one("owner", "SELECT count(*) FROM billing_invoice WHERE tenant_id = %s", tenant.id) == 5
    assert differing(tenant) == set()


OF = "WHERE tenant_id = %(tenant)s"
PLANTS: dict[str, tuple[set[str], str]] = {
    "a line too high": (
        {"invoices", "invoice_lines", "seals"},
        f"UPDATE billing_invoiceline SET exact = exact + 0.000000001 {OF}",
    ),
    "a line rounded the wrong way": (
        {"invoices", "seals"},
        f"UPDATE billing_invoiceline SET amount = amount + 0.01 {OF} AND number = 1",
    ),
    "usage that came after the month was closed": (
        {"invoices", "invoice_lines", "rollups"},
        f"UPDATE billing_usagerollup SET amount = amount + 0.000000001 {OF} AND billing_date = '2026-09-30'",
    ),
    "a month that is open again": (
        {"invoices"},
        f"UPDATE billing_billingperiod SET closed_at = NULL {OF} AND month = '2026-08-01'",
    ),
    "a payment that was not booked": (
        {"invoice_bookings"},
        f"UPDATE billing_payment SET amount = amount - 0.01 {OF} AND reference = 'b'",
    ),
    "a tax that was not booked": (
        {"invoices", "invoice_bookings", "seals"},
        f"UPDATE billing_invoice SET tax = tax + 0.01, total = total + 0.01, amount_due = amount_due + 0.01 {OF} "
        f"AND month = '2026-08-01'",
    ),
    "a paid invoice with something left": (
        {"invoice_bookings"},
        f"UPDATE billing_invoice SET status = 'paid' {OF} AND month = '2026-08-01'",
    ),
    "what is due": (
        {"seals"},
        f"""UPDATE billing_invoice SET amount_due = amount_due - 0.01, paid_from_balance = paid_from_balance + 0.01
            {OF} AND month = '2026-08-01'""",
    ),
    "a line of more tokens": (
        {"invoice_lines", "seals"},
        f"UPDATE billing_invoiceline SET quantity = quantity + 1 {OF} AND number = 1",
    ),
    "a line of another model": (
        {"invoice_lines", "seals"},
        f"UPDATE billing_invoiceline SET model = 'gemini-other' {OF} AND number = 2",
    ),
    "a cent moved from line to line": (
        {"invoices", "invoice_lines", "seals"},
        f"""UPDATE billing_invoiceline SET amount = amount + x.cent, exact = exact + x.cent
            FROM (VALUES (1, 0.01), (2, -0.01)) x (place, cent) {OF} AND number = x.place""",
    ),
    "a credit note's line": (
        {"credit_notes"},
        f"UPDATE billing_creditnoteline SET amount = amount - 0.01 {OF}",
    ),
    "a credit note's number": (
        {"seals"},
        f"UPDATE billing_creditnote SET number = 'X' || number {OF}",
    ),
    "a number that is another's": (
        {"invoice_numbers", "seals"},
        f"UPDATE billing_invoice SET number = 'INV-000999' {OF} AND month = '2026-08-01'",
    ),
    "a due date": (
        {"invoice_lines", "seals"},
        f"UPDATE billing_invoice SET due_on = due_on + 30 {OF} AND month = '2026-08-01'",
    ),
    "a customer's name": (
        {"credit_notes", "seals"},
        f"""UPDATE billing_invoice SET customer = jsonb_set(customer, '{{name}}', '"Somebody else"') {OF}
            AND month = '2026-08-01'""",
    ),
    "a price": (
        {"seals"},
        "UPDATE billing_price SET unit_price = unit_price + 1 WHERE id = (SELECT min(id) FROM billing_price)",
    ),
    "a number that is missing": (
        {"invoice_numbers"},
        f"""UPDATE billing_legalentity SET invoices_issued = invoices_issued + 1
            WHERE id = (SELECT legal_entity_id FROM billing_billingprofile {OF})""",
    ),
}


@pytest.mark.parametrize("plant", PLANTS)
def test_what_is_wrong_is_found(tenant: Tenant, plant: str) -> None:
    expected, statement = PLANTS[plant]
    checks = CHECKS
    scope = Scope(tenant.id).values()
    if plant in {"a price", "a number that is missing"}:  # no tenant's; other tests' tenants are not looked at
        scope, checks = Scope().values(), expected
    with psycopg.connect(conninfo("owner")) as owner:
        # as the owner could, past all triggers, and rolled back
        for table in (
            "billing_invoice",
            "billing_invoiceline",
            "billing_payment",
            "billing_legalentity",
            "billing_creditnote",
            "billing_creditnoteline",
        ):
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
        assert owner.execute(statement.encode(), {"tenant": tenant.id}).rowcount > 0
        found = {
            check.name
            for check in books_checks()
            if check.name in checks and owner.execute(check.sql.encode(), scope).fetchone()
        }
        owner.rollback()
    assert found == expected
