"""Invoices that are owed, paid, credited and voided, for tests."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from accounts.actor import Actor
from accounts.models import Tenant
from billing.credit_notes.services import credit_note_issue
from billing.invoices.services import invoice_void
from billing.models import CreditNote, Invoice, Payment
from billing.payments import payment_from_balance, payment_record, payment_reverse
from billing.wallets.services import wallet_top_up
from cavendish.db.router import acting_as
from tests.billing.invoices.helpers import (
    billed_tenant,
    finalise,
    fresh,
    spend,
)
from tests.generations.helpers import one

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
