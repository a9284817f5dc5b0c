"""Cases that finance has met over the API, with the figures that they met: what is right there stays right."""

from __future__ import annotations

import secrets
from decimal import Decimal
from typing import Any

import pytest

from billing.models import LedgerTransaction
from cavendish.db import ids
from cavendish.db.router import acting_as
from tests.billing.invoices.helpers import billed_tenant, finalise, spend
from tests.billing.operators import Json, Operator, wrong


@pytest.fixture(scope="module")
def operator(django_db_setup: None) -> Operator:
    return Operator()


def opened(operator: Operator, balance: str, rate: str) -> str:
    """Where a new tenant with that balance and tax is found."""
    slug = f"case-{secrets.token_hex(5)}"
    made = operator.post("tenants", {"slug": slug, "name": "Case", "opening_balance": balance})
    operator.patch(f"tenants/{made['id']}/billing-profile", {"tax_rate": rate})
    return f"tenants/{made['id']}"


def preview(operator: Operator, path: str) -> Json:
    return operator.get(f"invoices/preview?tenant_id={path.removeprefix('tenants/')}")


def test_money_that_goes_back_is_no_sale(operator: Operator) -> None:
    """1000.00 typed for 100.00, and 50.00 paid back to the bank: nothing was used, so nothing is owed."""
    path = opened(operator, "100.00", "19")
    typed = operator.post(f"{path}/top-ups", {"amount": "1000.00", "reason": "SEPA 100 - mistyped"})
    operator.post(f"{path}/top-ups/{typed['id']}/reversal", {"amount": "900.00", "reason": "Top-up typed wrong"})
    operator.post(f"{path}/payouts", {"amount": "50.00", "reason": "Paid out to the bank"})
    shown = preview(operator, path)
    assert [shown[name] for name in ("net", "total", "amount_due")] == ["0.00", "0.00", "0.00"]
    assert shown["lines"] == []
    assert operator.get(f"{path}/wallet")["balance"] == "150.000000000"


def test_no_cent_too_many_is_due(operator: Operator) -> None:
    """0.63 is there for a tax of 0.70; in floats 0.08 were due instead of 0.07."""
    path = opened(operator, "10.63", "7")
    operator.post(f"{path}/adjustments", {"amount": "-10.00", "reason": "Price correction"})
    shown = preview(operator, path)
    figures = [shown[name] for name in ("net", "total", "paid_from_balance", "amount_due")]
    assert figures == ["10.00", "10.70", "10.63", "0.07"]
    assert shown["tax"]["amount"] == "0.70"


@pytest.mark.parametrize("first", ["credit note", "refund"])
def test_the_same_money_is_not_given_back_twice(operator: Operator, first: str) -> None:
    tenant = billed_tenant(balance=100)
    generation = ids.encode(ids.GENERATION, spend(tenant, usage={"image_output": 44_667}))
    invoice = ids.encode(ids.INVOICE, finalise(tenant).id)
    ways: list[tuple[str, Any]] = [
        (f"invoices/{invoice}/credit-notes", {"reason": "whole"}),
        (f"charges/{generation}/refunds", {"reason": "also"}),
    ]
    ways = ways if first == "credit note" else ways[::-1]
    operator.post(*ways[0])
    operator.post(*ways[1], status=409)
    with acting_as("operator"):
        given = LedgerTransaction.objects.filter(tenant=tenant, kind__in=["refund", "credit_note"])
        assert given.count() == 1


def test_amounts_say_what_is_wrong_with_them(operator: Operator) -> None:
    def refused(path: str, body: Json) -> list[tuple[str, str]]:
        return wrong(operator.post(path, body, status=422))

    slug = f"case-{secrets.token_hex(5)}"
    for amount in ("+5", "1e3", "NaN", "１０", ""):
        found = refused("tenants", {"slug": slug, "name": "Case", "opening_balance": amount})
        assert [pointer for pointer, _code in found] == ["/opening_balance"], amount
    made = operator.post("tenants", {"slug": slug, "name": "Case", "opening_balance": "0"})
    assert operator.get(f"tenants/{made['id']}/wallet")["balance"] == "0.000000000"


def test_lists_refuse_what_they_do_not_know(operator: Operator) -> None:
    for path in ("invoices?due_before=2026-01-01", "receipts?from=2026-01-01", "usage/anomalies?month=2026-11"):
        name = path.partition("?")[2].partition("=")[0]
        assert wrong(operator.get(path, status=422)) == [(f"/{name}", "unknown_field")], path


def test_a_whole_credit_note_is_seen_on_the_invoice(operator: Operator) -> None:
    tenant = billed_tenant(balance=100)
    spend(tenant, usage={"image_output": 44_667})  # 2.68
    invoice = ids.encode(ids.INVOICE, finalise(tenant).id)
    operator.post(f"invoices/{invoice}/credit-notes", {"reason": "whole"})
    shown = operator.get(f"invoices/{invoice}")
    assert (shown["status"], shown["amount_credited"], shown["amount_creditable"]) == ("paid", "2.68", "0.00")
    assert Decimal(shown["amount_credited_to_balance"]) == Decimal("2.68")
