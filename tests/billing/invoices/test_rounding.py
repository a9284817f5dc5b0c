"""Lines are rounded one by one, what credits paid once: neither what a month costs nor its receivable is below zero."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_CEILING, Decimal
from itertools import product

import psycopg
import pytest

from accounts.actor import SYSTEM
from accounts.models import Tenant
from billing.credit_notes.services import credit_note_issue
from billing.credits.services import credit_grant
from billing.errors import InvoiceRefused
from billing.invoices.selectors import invoice_preview
from billing.money import ZERO
from billing.wallets.services import wallet_credit_limit_set
from cavendish.db.pool import conninfo
from cavendish.db.router import acting_as
from tests.billing.invoices.helpers import (
    OCTOBER,
    at,
    balances,
    billed_tenant,
    correct,
    differing,
    finalise,
    lines,
    spend,
)
from tests.factories import FLASH, PRO
from tests.generations.helpers import one

CENT = Decimal("0.01")
EIGHT = list(product((FLASH, PRO), ("512", "1K", "2K", "4K")))
"""As many lines of an invoice: each is rounded by itself."""


def grant(tenant: Tenant, amount: Decimal) -> None:
    with acting_as("operator"):
        credit_grant(tenant_id=tenant.id, amount=amount, expires_at=None, reason="Trial", actor=SYSTEM)


def spend_on_lines(tenant: Tenant, tokens: int, month: date = OCTOBER, count: int = 8) -> None:
    for model, size in EIGHT[:count]:
        spend(tenant, month, usage={"image_output": tokens}, model=model, size=size)


@pytest.mark.parametrize(
    ("tokens", "line", "credit", "rounding"),
    [
        (74, "0.00", "-0.04", "0.04"),  # 8 × 0.00444: the lines come to nothing, what paid them to four cents
        (73, "0.00", "-0.04", "0.04"),
        (62, "0.00", "-0.03", "0.03"),
        (140, "0.01", "-0.07", "-0.01"),  # 8 × 0.0084: nobody owes a cent that credits have paid
    ],
)
def test_a_month_that_credits_pay_whole_costs_nothing(tokens: int, line: str, credit: str, rounding: str) -> None:
    tenant = billed_tenant(balance=0, tax_rate=Decimal(19), tax_label="VAT")
    grant(tenant, Decimal(5))
    spend_on_lines(tenant, tokens)

    invoice = finalise(tenant)

    found = [(one.type, one.amount) for one in lines(invoice)]
    assert found == [
        *[("usage", Decimal(line))] * 8, ("credit", Decimal(credit)), ("rounding", Decimal(rounding))
    ]  # fmt: skip
    assert [invoice.exact, invoice.net, invoice.tax, invoice.total, invoice.amount_due] == [ZERO] * 5
    assert invoice.status == "paid"
    assert "rounding" not in balances(tenant)
    assert differing(tenant) == set()
    with acting_as("operator"), pytest.raises(InvoiceRefused, match="credited in full"):
        credit_note_issue(invoice_id=invoice.id, reason="Sorry", actor=SYSTEM)


def test_what_rounding_takes_below_zero_goes_into_the_account_of_roundings() -> None:
    tenant = billed_tenant(balance=0, credit_limit=1)
    grant(tenant, Decimal("0.03"))
    spend_on_lines(tenant, 74)  # 0.03552, of which money paid 0.00552: 0.00 less 0.03, and 0.03

    invoice = finalise(tenant)

    assert (invoice.exact, invoice.net, invoice.amount_due) == (Decimal("0.00552"), ZERO, ZERO)
    found = balances(tenant)
    assert (found["wallet"], found["rounding"]) == (ZERO, Decimal("-0.00552"))
    assert differing(tenant) == set()


def test_a_preview_is_not_below_zero_either() -> None:
    tenant = billed_tenant(balance=0)
    grant(tenant, Decimal(5))
    spend_on_lines(tenant, 74, one("owner", "SELECT date_trunc('month', now() AT TIME ZONE 'UTC')::date"))
    with acting_as("operator"):
        full = invoice_preview(tenant)
    assert (full.invoice.net, full.invoice.amount_due, full.lines[-1].type) == (ZERO, ZERO, "rounding")


def test_corrections_wait_by_what_they_are_worth_and_not_by_how_they_are_rounded() -> None:
    tenant = billed_tenant()
    spend_on_lines(tenant, 74)
    correct(tenant, "0.03552", at=at("2026-10-20T00:00:00"), kind="refund")
    whole = finalise(tenant)
    assert [line.type for line in lines(whole)][8:] == ["refund", "rounding"]
    assert (whole.exact, whole.net) == (ZERO, ZERO)
    # 0.0001 more than the month is worth: nothing of it in coins, but it would leave the exact sum below zero
    tenant = billed_tenant()
    spend_on_lines(tenant, 74)
    correct(tenant, "0.03562", at=at("2026-10-20T00:00:00"), kind="refund")
    waiting = finalise(tenant)
    assert (waiting.exact, waiting.net, len(lines(waiting))) == (Decimal("0.03552"), ZERO, 8)


def test_what_rounding_gives_back_is_no_receivable_below_zero() -> None:
    """Paid money lies 60 below the limit that credits let be lowered, and the invoice gives 0.018 back."""
    tenant = billed_tenant(balance=0, credit_limit=1000)
    spend(tenant, date(2026, 9, 1), usage={"image_output": 1_000_000})
    spend_on_lines(tenant, 75, count=4)  # 4 × 0.0045
    grant(tenant, Decimal(100))
    with acting_as("operator"):
        wallet_credit_limit_set(tenant_id=tenant.id, credit_limit=ZERO, actor=SYSTEM)
    finalise(tenant, date(2026, 9, 1))

    invoice = finalise(tenant)

    assert (invoice.exact, invoice.net, invoice.receivable) == (Decimal("0.018"), ZERO, ZERO)
    found = balances(tenant)
    assert (found["wallet"], found["rounding"]) == (Decimal(40), Decimal("-0.018"))
    assert "receivable" not in found
    assert differing(tenant) == set()


STEPS = [Decimal(step) for step in ("-0.01", "-0.006", "-0.000000001", "0", "0.000000001", "0.006", "0.01")]


def test_dues_hold_at_every_edge() -> None:
    """What the invoice adds × paid money around zero × credits × limit × tax, against the rule in words."""
    tenant = billed_tenant(balance=0)
    grant(tenant, Decimal(1))
    with psycopg.connect(conninfo("owner")) as owner:
        owner.execute("ALTER TABLE billing_credit DISABLE TRIGGER USER")
        for money, credits, limit in product(
            (*STEPS, Decimal("-0.05"), Decimal("0.05")), (*STEPS[3:], Decimal(1)), STEPS[3:]
        ):
            if money + credits + limit < 0:
                continue  # no wallet is like that
            owner.execute("UPDATE billing_credit SET remaining = %s WHERE tenant_id = %s", [credits, tenant.id])
            owner.execute(
                "UPDATE billing_wallet SET balance = %s, credit_limit = %s WHERE tenant_id = %s AND livemode",
                [money + credits, limit, tenant.id],
            )
            for rounding, net, tax in product(STEPS, (ZERO, CENT), (ZERO, CENT)):
                if (exact := net - rounding) < 0:
                    continue
                row = owner.execute(
                    "SELECT * FROM invoice_dues(%s, '2026-10-01', NULL, %s, %s, %s, 2)", [tenant.id, exact, net, tax]
                ).fetchone()
                assert row is not None
                drawn, borne, receivable, due = row
                assert borne == 0  # this wallet keeps no tax back
                lacking = max(rounding + tax - max(money + limit, ZERO), ZERO)
                state = (money, credits, limit, rounding, net, tax, row)
                assert receivable == lacking.quantize(CENT, ROUND_CEILING), state
                assert drawn + receivable == rounding + tax, state
                assert 0 <= receivable <= due <= net + tax, state
                assert money + credits - drawn + limit >= 0, state
        owner.rollback()
