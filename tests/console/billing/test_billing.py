"""Money in the console: sums that add up, the ledger, statements, how to pay, details, plan and prices."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest

from accounts.models import AuditEvent, Role, Tenant
from billing.models import BillingProfile, Plan, Price, Subscription, Wallet
from billing.money import amount_parse
from billing.months import month_of
from billing.plans.services import plan_ensure
from billing.prices.price_list import price_list, price_moves
from billing.wallets.month import wallet_month
from cavendish.db import ids
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from tests.billing.invoices.helpers import billed_tenant, correct, make_entity, spend, top_up
from tests.console.colleagues import Team, scripted
from tests.factories import FLASH, make_tenant
from tests.people.visitors import Visitor, shown

BANK = "IBAN DE02 1203 0000 0000 2020 51\nBIC BYLADEM1001"
JOB = {"image_output": 500_007}  # 30.00042


def now() -> datetime:
    return datetime.now(UTC)


def of_tenant(tenant: Tenant) -> Team:
    return Team(tenant)


@pytest.fixture
def tenant() -> Tenant:
    """Topped up with 100, corrected by 5, two jobs of 30.00042."""
    found = billed_tenant(balance=100, entity=make_entity(bank_details=BANK, email="books@cavendish.example"))
    correct(found, "5", at=now())
    for _ in range(2):
        spend(found, now().date(), JOB)
    return found


def figures(html: str) -> list[Decimal]:
    """The amounts of the sum of a wallet, in their order."""
    [block] = re.findall(r'<dl class="facts facts-money sum-list">(.*?)</dl>', html, re.DOTALL)
    texts = re.findall(r"<dd>([^<]*)</dd>", block)
    return [
        amount_parse(text.replace("−", "-").replace(",", "").removeprefix("+"), negative=True, zero=True)
        for text in texts
    ]


def file(visitor: Visitor, path: str) -> list[dict[str, str]]:
    answer = visitor.get(path)
    assert answer["Content-Type"] == "text/csv; charset=utf-8", path
    return list(csv.DictReader(StringIO(answer.content.decode())))


def test_the_balance_is_a_sum_that_can_be_checked(tenant: Tenant) -> None:
    owner = of_tenant(tenant).member()
    page = shown(owner.get("/console/billing/"))
    *parts, balance = figures(page)
    assert sum(parts) == balance == Decimal("45.00")
    assert parts == [Decimal(0), Decimal(5), Decimal(100), Decimal(-60)]
    assert "You have <b>$45.00</b> to spend" in page
    assert "Adjusted" in page
    assert "Topped up" in page


def test_a_month_that_is_over_ends_where_the_next_begins(tenant: Tenant) -> None:
    with tenant_context(tenant.id):
        running = month_of(tenant_id=tenant.id)
        before = month_of(tenant_id=tenant.id, at=running.starts_at - timedelta(days=3))
        this = wallet_month(tenant_id=tenant.id, livemode=True, month=running, spent=Decimal("60.00084"))
        last = wallet_month(
            tenant_id=tenant.id, livemode=True, month=before, spent=Decimal(0), spent_after=Decimal("60.00084")
        )
        assert Wallet.objects.get(tenant_id=tenant.id, livemode=True).balance == Decimal("44.99916")
    assert this is not None
    assert last is not None
    assert (last.opening, last.balance) == (Decimal(0), Decimal(0))
    assert (this.opening, this.balance) == (last.balance, Decimal("44.99916"))


def test_a_statement_leads_from_the_opening_to_the_closing_balance(tenant: Tenant) -> None:
    owner = of_tenant(tenant).member()
    month = f"{now():%Y-%m}"
    rows = file(owner, f"/console/billing/statement/csv?month={month}")
    assert rows[0]["kind"] == "opening"
    balance = Decimal(rows[0]["balance"])
    for row in rows[1:]:
        balance += Decimal(row["amount"])
        assert Decimal(row["balance"]) == balance
    assert balance == Decimal("44.999160000")
    assert [row["kind"] for row in rows[1:]] == ["top_up", "adjustment", "charge"]
    page = shown(owner.get("/console/billing/statement/"))
    assert "44.9992" in page
    assert "Jobs: 2 pictures" in page
    assert "Goodwill" in page
    assert owner.get("/console/billing/statement/?month=2999-01").status_code == 404


def test_the_ledger_lists_movements_and_is_filtered_and_downloaded(tenant: Tenant) -> None:
    owner = of_tenant(tenant).member()
    rows = file(owner, "/console/billing/ledger/csv")
    assert sum(Decimal(row["amount"]) for row in rows) == Decimal("44.99916")
    assert [row["kind"] for row in rows] == ["charge", "charge", "adjustment", "top_up"]
    top_ups = file(owner, "/console/billing/ledger/csv?kind=top_up")
    assert [(row["kind"], row["amount"]) for row in top_ups] == [("top_up", "100.000000000")]
    page = shown(owner.get("/console/billing/ledger/?kind=charge"))
    assert page.count("/console/jobs/gen_") == 2
    assert "Nothing matches" in shown(owner.get("/console/billing/ledger/?until=2020-01-01"))
    assert owner.get("/console/billing/ledger/?since=yesterday").status_code == 400
    assert owner.get("/console/billing/ledger/csv?since=yesterday").status_code == 400
    finance = of_tenant(tenant).member(Role.BILLING)
    assert "/console/jobs/gen_" not in shown(finance.get("/console/billing/ledger/"))


def test_top_up_names_an_account_that_has_fields_of_its_own() -> None:
    iban, bic = "DE02120300000000202051", "BYLADEM1001"
    tenant = billed_tenant(balance=1, entity=make_entity(bank_details="", iban=iban, bic=bic))
    page = shown(of_tenant(tenant).member().get("/console/billing/top-up/"))
    assert f'data-copy="{iban}"' in page
    assert bic in page
    assert "has not published" not in page


def test_top_up_says_how_to_pay_and_what_happens_then(tenant: Tenant) -> None:
    owner = of_tenant(tenant).member()
    page = shown(owner.get("/console/billing/top-up/"))
    assert "IBAN DE02 1203 0000 0000 2020 51<br>BIC BYLADEM1001" in page
    assert f'data-copy="{tenant.slug}"' in page
    assert "books@cavendish.example" in page
    assert "/console/billing/top-up/" in shown(owner.get("/console/usage/"))


def test_top_up_without_bank_details_says_whom_to_ask() -> None:
    quiet = billed_tenant(balance=1, entity=make_entity(email="ask@cavendish.example"))
    page = shown(of_tenant(quiet).member().get("/console/billing/top-up/"))
    assert "Your operator has not published bank details yet." in page
    assert "Write to ask@cavendish.example" in page


def test_billing_details_are_changed_with_before_and_after(tenant: Tenant) -> None:
    team = of_tenant(tenant)
    finance = team.member(Role.BILLING)
    form = {
        "name": "Acme GmbH",
        "address": "Weg 1\n10115 Berlin",
        "tax_id": "DE123",
        "reference": "",
        "emails": "a@acme.example",
    }
    looked = shown(scripted(finance, "/console/billing/details/", **form))
    assert "Weg 1, 10115 Berlin" in looked
    assert scripted(finance, "/console/billing/details/", **form, confirm="1").status_code == 204
    with acting_as("operator"):
        profile = BillingProfile.objects.get(tenant=tenant)
        event = AuditEvent.objects.get(tenant=tenant, action="billing_profile.updated")
    assert (profile.name, profile.tax_id, profile.emails) == ("Acme GmbH", "DE123", ["a@acme.example"])
    assert event.actor_label == finance.email
    wrong = scripted(finance, "/console/billing/details/", **{**form, "emails": "no address"}, confirm="1")
    assert "no email address" in shown(wrong)


def test_the_mail_of_a_low_balance(tenant: Tenant) -> None:
    owner = of_tenant(tenant).member()
    assert scripted(owner, "/console/billing/low-balance/", threshold="20", confirm="1").status_code == 204
    assert "below $20.00" in shown(owner.get("/console/billing/"))
    assert scripted(owner, "/console/billing/low-balance/", threshold="-1", confirm="1").status_code == 200
    assert "errorlist" in shown(owner.page)
    assert scripted(owner, "/console/billing/low-balance/", threshold="", confirm="1").status_code == 204
    with acting_as("operator"):
        assert Wallet.objects.get(tenant=tenant, livemode=True).low_balance_threshold is None


def test_who_has_nothing_left_is_told_that_jobs_are_refused() -> None:
    page = shown(of_tenant(billed_tenant(balance=0)).member().get("/console/billing/"))
    assert "nothing is free to spend, so jobs are refused" in page


def plan_with_prices(name: str, **terms: Any) -> Plan:
    with acting_as("operator"):
        return plan_ensure(slug=name, name=name.title(), **terms)


def test_the_price_list_is_what_jobs_pay(tenant: Tenant) -> None:
    plan = plan_with_prices("half-more", markup_percent=Decimal(50))
    with tenant_context(tenant.id):
        [flash] = [entry for entry in price_list(plan) if entry.model.id == FLASH]
        [base] = [entry for entry in price_list(None) if entry.model.id == FLASH]
    prices = {line.kind: line.standard for line in flash.lines}
    assert prices == {line.kind: line.standard * Decimal("1.5") for line in base.lines}
    pictures = {picture.image_size: picture.standard for picture in flash.pictures}
    tokens = max(row.tokens for row in flash.model.resolutions if row.image_size == "1K")
    assert pictures["1K"] == tokens * prices["image_output"] / 1_000_000
    rows = file(of_tenant(tenant).member(), "/console/billing/plan/prices.csv")
    assert {"model", "what", "size", "unit", "price", "price_in_batches", "currency"} == set(rows[0])
    assert "What a picture costs" in shown(of_tenant(tenant).member().get("/console/billing/plan/"))


def test_what_next_month_brings_is_told_before() -> None:
    tenant = make_tenant(plan=plan_with_prices("cheap"))
    dear = plan_with_prices("dear", markup_percent=Decimal(100))
    begins = now() + timedelta(days=20)
    with acting_as("owner"):
        Subscription.objects.create(tenant=tenant, plan=dear, starts_at=begins)
        plan = Plan.objects.get(slug="dear")
        Price.objects.create(
            plan=plan, model=FLASH, kind="image_output", unit="per_image", image_size="1K", unit_price=Decimal("0.2"),
            effective_from=begins + timedelta(days=1), currency="USD",
        )  # fmt: skip
    with tenant_context(tenant.id):
        moves = price_moves(tenant_id=tenant.id, plan=Plan.objects.get(slug="cheap"))
    assert [move.plan.name if move.plan else "" for move in moves] == ["Dear", ""]
    doubled = [step for step in moves[0].prices if step.model.id == FLASH]
    assert doubled
    assert all(step.after == 2 * (step.before or 0) for step in doubled)
    assert [(step.image_size, step.after) for step in moves[1].prices if step.image_size] == [("1K", Decimal("0.2"))]
    page = shown(of_tenant(tenant).member().get("/console/billing/plan/"))
    assert "What will change" in page
    assert "plan Dear" in page
    assert "Dear from" in shown(of_tenant(tenant).member().get("/console/billing/"))


def test_test_mode_shows_the_same_money(tenant: Tenant) -> None:
    owner = of_tenant(tenant).member()
    owner.post("/console/mode", mode="test", next="/console/billing/")
    page = shown(owner.get("/console/billing/"))
    assert "Test jobs are free and on no invoice" in page
    assert "$45.00" in page


def test_another_tenants_money_is_not_there(tenant: Tenant) -> None:
    stranger = of_tenant(billed_tenant(balance=3)).member()
    page = shown(stranger.get("/console/billing/"))
    assert "$3.00" in page
    assert "45.00" not in page
    assert [row["amount"] for row in file(stranger, "/console/billing/ledger/csv")] == ["3.000000000"]
    top_up(tenant, Decimal(1))
    assert ids.encode(ids.TENANT, tenant.id) not in page
