"""The ledger as operators look through it, and a wallet's statement whose balances follow from its entries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.actor import SYSTEM
from billing.charges.services import charge_refund
from billing.credits.services import credit_grant
from billing.ledger.selectors import (
    LedgerFilters,
    ledger_transaction,
    ledger_transactions,
    wallet_statement,
)
from billing.parties.selectors import legal_entities_listed
from billing.plans.services import plan_ensure
from billing.subscriptions.selectors import tenant_plans
from billing.subscriptions.services import subscription_change
from billing.wallets.services import wallet_adjust
from cavendish.db.router import acting_as
from tests.billing.invoices.helpers import billed_tenant, make_entity, spend
from tests.factories import make_tenant, standard_plan

D = Decimal


@pytest.fixture(autouse=True)
def _operator() -> Iterator[None]:
    with acting_as("operator"):
        yield


def test_transactions_are_filtered_and_paged_by_key() -> None:
    tenant, other = billed_tenant(balance="10.00"), billed_tenant(balance="10.00")
    by: dict[str, Any] = {"tenant_id": tenant.id, "actor": SYSTEM}
    job = spend(tenant)
    spend(other)
    charge_refund(generation_id=job, amount=D("0.01"), reason="Sorry", **by)
    wallet_adjust(amount=D(1), reason="Round", **by)
    credit_grant(amount=D(2), expires_at=None, reason="Gift", **by)

    def kinds(**filters: Any) -> list[str]:
        return [row.transaction.kind for row in ledger_transactions(LedgerFilters(**filters))]

    everything = ["credit", "adjustment", "refund", "charge", "top_up"]
    assert kinds(tenant_id=tenant.id) == everything
    pages: list[str] = []
    page = ledger_transactions(LedgerFilters(tenant_id=tenant.id), limit=2)
    while page:
        pages += [row.transaction.kind for row in page]
        before = page[-1].transaction.id
        page = ledger_transactions(LedgerFilters(tenant_id=tenant.id), before=before, limit=2)
    assert pages == everything
    assert kinds(generation_id=job) == ["refund", "charge"]
    assert kinds(generation_id=tenant.id) == []
    assert kinds(tenant_id=tenant.id, account="revenue") == ["charge"]
    assert kinds(tenant_id=tenant.id, kind="adjustment", currency="USD") == ["adjustment"]
    assert kinds(tenant_id=tenant.id, currency="EUR") == []
    assert kinds(tenant_id=tenant.id, livemode=False) == []
    now = timezone.now()
    assert kinds(tenant_id=tenant.id, start=now - timedelta(minutes=5), end=now) == everything
    assert kinds(tenant_id=tenant.id, start=now) == kinds(tenant_id=tenant.id, end=now - timedelta(minutes=5)) == []

    [top_up] = ledger_transactions(LedgerFilters(tenant_id=tenant.id, kind="top_up"))
    assert {entry.account: entry.amount for entry in top_up.entries} == {"wallet": D(10), "funding": D(-10)}
    assert ledger_transaction(top_up.transaction.id) == top_up


def test_a_statement_adds_up_on_every_page() -> None:
    tenant = billed_tenant(balance="10.00")
    by: dict[str, Any] = {"tenant_id": tenant.id, "actor": SYSTEM}
    begun = timezone.now()
    spend(tenant)
    wallet_adjust(amount=D("1.5"), reason="One", **by)
    ended = timezone.now()
    wallet_adjust(amount=D("-4"), reason="Two", **by)

    whole = wallet_statement(tenant_id=tenant.id)
    assert whole is not None
    assert (whole.opening, whole.closing, whole.next) == (D(0), D("7.4327245"), None)
    assert [(row.entry.amount, row.balance) for row in whole.rows] == [
        (D("-4"), D("7.4327245")),
        (D("1.5"), D("11.4327245")),
        (D("-0.0672755"), D("9.9327245")),
        (D("10"), D("10")),
    ]
    rows, cursor = [], None
    while True:
        page = wallet_statement(tenant_id=tenant.id, after=cursor, limit=1)
        assert page is not None
        rows += page.rows
        cursor = page.next
        if cursor is None:
            break
    assert rows == whole.rows

    between = wallet_statement(tenant_id=tenant.id, start=begun, end=ended)
    assert between is not None
    assert (between.opening, between.closing) == (D("10"), D("11.4327245"))
    assert [row.balance for row in between.rows] == [D("11.4327245"), D("9.9327245")]
    assert wallet_statement(tenant_id=standard_plan().id) is None


def test_companies_are_listed_with_who_names_them() -> None:
    entity = make_entity(name="Lists GmbH")
    billed_tenant(entity=entity)
    assert [row.tenants for row in legal_entities_listed() if row.entity == entity] == [1]


def test_tenants_are_listed_with_the_plan_that_they_move_to() -> None:
    new = plan_ensure(slug="listed-plan", name="Listed")
    moving, staying = make_tenant(plan=new), make_tenant(plan=new)
    subscription_change(tenant=moving, plan=standard_plan(), actor=SYSTEM)
    first, second = tenant_plans(plan_id=new.id, limit=1), tenant_plans(plan_id=new.id, after=moving.id)
    assert [(row.now.tenant, row.next and row.next.plan) for row in (*first, *second)] == [
        (moving, standard_plan()),
        (staying, None),
    ]
