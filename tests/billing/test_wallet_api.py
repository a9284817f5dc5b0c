"""Wallet, ledger, subscription and what operators do to them, over HTTP."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.actor import SYSTEM
from accounts.models import AuditEvent, Tenant
from billing.models import Budget, Plan, Subscription
from billing.plans.services import plan_create
from billing.plans.terms import PlanTerms
from billing.subscriptions.services import subscriptions_begin
from cavendish.db import ids
from cavendish.db.router import acting_as
from tests.billing.operators import Json, Operator, books, wrong
from tests.factories import FLASH, PRO, make_key, make_tenant, submit_generation
from tests.generations.helpers import claim_one, finish, register, succeeded

BUDGET = {"period": "month", "metric": "images", "limit": 5, "hard": True, "alerts": [], "livemode": True}


@dataclass(frozen=True)
class Customer:
    """A tenant, its key's calls, and where operators find it."""

    tenant: Tenant
    calls: Operator

    @property
    def path(self) -> str:
        return f"tenants/{ids.encode(ids.TENANT, self.tenant.id)}"


def customer(**settings: Any) -> Customer:
    tenant = make_tenant(**settings)
    return Customer(tenant, Operator(make_key(tenant)[1]))


def plan(currency: str = "USD", **terms: Any) -> Plan:
    with acting_as("operator"):
        return plan_create(
            slug=f"p-{secrets.token_hex(6)}", name="Plus", currency=currency, terms=PlanTerms(**terms), actor=SYSTEM
        )


def public(plan: Plan) -> str:
    return ids.encode(ids.PLAN, plan.id)


@pytest.fixture(scope="module")
def operator(django_db_setup: None) -> Operator:
    return Operator()


@pytest.fixture
def mine(django_db_setup: None) -> Customer:
    return customer(balance=10)


def charged(tenant: Tenant, flags: list[str] | None = None) -> tuple[str, Decimal]:
    generation: UUID = submit_generation(tenant)
    job = claim_one(register())
    result = succeeded(job)
    result["charge"]["flags"] = flags or []
    assert finish(job, result) == "ended"
    return ids.encode(ids.GENERATION, generation), Decimal(result["charge"]["amount"])


def test_a_wallet_says_what_is_there(operator: Operator, quiet: None) -> None:
    some = customer(balance=10, plan=plan(included_images=3, included_credit=Decimal(2)))
    soon = (timezone.now() + timedelta(minutes=1)).isoformat()  # before the plan's, also on a month's last day
    operator.post(f"{some.path}/credits", {"amount": "1.5", "expires_at": soon, "reason": "Sorry"})
    operator.patch(f"{some.path}/wallet", {"credit_limit": "4"})
    submit_generation(some.tenant)
    wallet = some.calls.get("wallet")
    assert (wallet["balance"], wallet["held"], wallet["currency"]) == ("13.500000000", "0.000000000", "USD")
    assert (wallet["credit_limit"], wallet["available"]) == ("4.000000000", "17.500000000")
    assert [(credit["source"], credit["remaining"]) for credit in wallet["credits"]] == [
        ("grant", "1.500000000"), ("plan", "2.000000000")
    ]  # fmt: skip
    month = wallet["included_images"]
    assert {name: month[name] for name in ("included", "used", "held", "left")} == {
        "included": 3, "used": 0, "held": 1, "left": 2
    }  # fmt: skip
    assert wallet["credits"][1]["expires_at"] == month["resets_at"]
    assert operator.get(f"{some.path}/wallet") == wallet


def test_a_test_keys_wallet_is_another_one(mine: Customer) -> None:
    test_mode = Operator(make_key(mine.tenant, livemode=False)[1])
    wallet = test_mode.get("wallet")
    assert (wallet["livemode"], wallet["balance"], wallet["included_images"]) == (False, "0.000000000", None)
    assert test_mode.get("ledger")["data"] == []


def test_the_ledger_sums_to_the_balance_page_by_page(operator: Operator, mine: Customer, quiet: None) -> None:
    operator.post(f"{mine.path}/top-ups", {"amount": "2.5", "reason": "Bank transfer"})
    operator.post(f"{mine.path}/adjustments", {"amount": "-1", "reason": "Agreed"})
    operator.post(f"{mine.path}/credits", {"amount": "0.01", "reason": "Welcome"})
    generation, amount = charged(mine.tenant)
    entries: list[Json] = []
    cursor = ""
    while True:
        page = mine.calls.get(f"ledger?limit=2{cursor}")
        entries += page["data"]
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert [(entry["kind"], entry["amount"]) for entry in entries] == [
        ("charge", f"{Decimal('0.01') - amount:.9f}"), ("charge", "-0.010000000"), ("credit", "0.010000000"),
        ("adjustment", "-1.000000000"), ("top_up", "2.500000000"), ("top_up", "10.000000000"),
    ]  # fmt: skip
    assert sum(Decimal(entry["amount"]) for entry in entries) == Decimal(mine.calls.get("wallet")["balance"])
    assert {entry["generation_id"] for entry in entries} == {generation, None}
    assert entries[1]["credit_id"] == entries[2]["credit_id"]
    assert [entry["kind"] for entry in mine.calls.get("ledger?kind=credit")["data"]] == ["credit"]
    assert "actor" not in entries[0]
    seen = operator.get(f"{mine.path}/ledger")["data"]
    assert seen[3]["actor"].startswith("operator_key cvd_operator_")


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "cursor=x", "cursor=entry_zz", "kind=gift", "limit=١"])
def test_a_wrong_page_is_a_problem(mine: Customer, query: str) -> None:
    assert mine.calls.get(f"ledger?{query}", status=422)["code"] == "invalid_request"


def test_a_tenant_sets_its_threshold_and_nothing_else(mine: Customer) -> None:
    assert mine.calls.patch("wallet", {"low_balance_threshold": "5"})["low_balance_threshold"] == "5.000000000"
    before = books()
    problem = mine.calls.patch("wallet", {"low_balance_threshold": "-1", "credit_limit": "9"}, status=422)
    assert sorted(wrong(problem)) == [("/credit_limit", "unknown_field"), ("/low_balance_threshold", "negative")]
    assert books() == before
    assert mine.calls.patch("wallet", {"low_balance_threshold": None})["low_balance_threshold"] is None
    assert mine.calls.patch("wallet", {})["low_balance_threshold"] is None


@pytest.mark.parametrize("path", ["top-ups", "credits", "adjustments"])
@pytest.mark.parametrize(
    ("fields", "place", "code"),
    [
        ({"amount": "0"}, "/amount", "zero"),
        ({"amount": "1e3"}, "/amount", "not_an_amount"),
        ({"amount": "NaN"}, "/amount", "not_an_amount"),
        ({"amount": "Infinity"}, "/amount", "not_an_amount"),
        ({"amount": "100000000000"}, "/amount", "too_large"),
        ({"amount": "0.0000000001"}, "/amount", "too_precise"),
        ({"amount": 5}, "/amount", "wrong_type"),
        ({"amount": None}, "/amount", "wrong_type"),
        ({"reason": ""}, "/reason", "too_short"),
        ({"reason": "x" * 301}, "/reason", "too_long"),
        ({"currency": "EUR"}, "/currency", "unknown_field"),
    ],
)
def test_wrong_money_is_refused_and_the_books_stay(
    operator: Operator, mine: Customer, path: str, fields: Json, place: str, code: str
) -> None:
    before = books()
    body = {"amount": "1", "reason": "x", **fields}
    assert wrong(operator.post(f"{mine.path}/{path}", body, status=422)) == [(place, code)]
    assert books() == before


@pytest.mark.parametrize(("path", "body"), [("top-ups", {"amount": "-1"}), ("credits", {"amount": "-1"})])
def test_only_an_adjustment_takes(operator: Operator, mine: Customer, path: str, body: Json) -> None:
    assert wrong(operator.post(f"{mine.path}/{path}", {**body, "reason": "x"}, status=422)) == [("/amount", "negative")]


def test_an_adjustment_below_zero_says_what_is_there(operator: Operator, mine: Customer) -> None:
    before = books()
    problem = operator.post(f"{mine.path}/adjustments", {"amount": "-10.5", "reason": "x"}, status=409)
    assert (problem["code"], "10.000000000" in problem["detail"]) == ("insufficient_balance", True)
    assert books() == before


def test_a_credit_cannot_have_expired_already(operator: Operator, mine: Customer) -> None:
    body = {"amount": "1", "reason": "x", "expires_at": "2026-01-01T00:00:00Z"}
    assert wrong(operator.post(f"{mine.path}/credits", body, status=422)) == [("/expires_at", "in_the_past")]


def test_a_charge_is_refunded_with_its_reason(operator: Operator, mine: Customer, quiet: None) -> None:
    generation, amount = charged(mine.tenant)
    made = operator.post(f"charges/{generation}/refunds", {"amount": "0.01", "reason": "Not as asked"})
    assert (made["kind"], made["generation_id"], made["reason"]) == ("refund", generation, "Not as asked")
    assert [(entry["account"], entry["amount"]) for entry in made["entries"]] == [
        ("wallet", "0.010000000"), ("refunds", "-0.010000000")
    ]  # fmt: skip
    before = books()
    problem = operator.post(f"charges/{generation}/refunds", {"amount": f"{amount:f}", "reason": "x"}, status=422)
    assert wrong(problem) == [("/amount", "too_large")]
    assert books() == before
    operator.post(f"charges/{generation}/refunds", {"reason": "The rest"})
    assert operator.post(f"charges/{generation}/refunds", {"reason": "x"}, status=409)["code"] == "nothing_to_refund"
    assert mine.calls.get("wallet")["balance"] == "10.000000000"


@pytest.mark.parametrize("id", ["gen_" + "0" * 32, "x", "out_" + "0" * 32])
def test_an_unknown_charge_is_not_found(operator: Operator, id: str) -> None:
    assert operator.post(f"charges/{id}/refunds", {"reason": "x"}, status=404)["code"] == "not_found"
    assert operator.post(f"flagged-charges/{id}/resolve", {"note": "x"}, status=404)["code"] == "not_found"


def test_flagged_charges_are_listed_until_somebody_decides(operator: Operator, mine: Customer, quiet: None) -> None:
    tenant = f"tenant_id={ids.encode(ids.TENANT, mine.tenant.id)}"
    charged(mine.tenant)
    flagged, amount = charged(mine.tenant, ["unknown_kind", "total_mismatch"])
    [found] = operator.get(f"flagged-charges?{tenant}")["data"]
    assert (found["generation_id"], found["flags"]) == (flagged, ["unknown_kind", "total_mismatch"])
    assert (found["amount"], found["resolution"]) == (f"{amount:f}", None)
    assert operator.get(f"flagged-charges?{tenant}&flag=over_hold")["data"] == []
    assert len(operator.get(f"flagged-charges?{tenant}&flag=unknown_kind")["data"]) == 1
    body = {"note": "Audio of 77 tokens", "adjustment": "-0.001"}
    decided = operator.ask("POST", f"flagged-charges/{flagged}/resolve", body)
    assert decided["resolution"]["adjustment"] == "-0.001000000"
    assert operator.get(f"flagged-charges?{tenant}")["data"] == []
    assert operator.get(f"flagged-charges?{tenant}&resolved=true")["data"] == [decided]
    before = books()
    assert operator.post(f"flagged-charges/{flagged}/resolve", body, status=409)["code"] == "already_resolved"
    assert books() == before
    for query, place in (("resolved=maybe", "/resolved"), ("flag=%00", "/flag"), ("flag=%22]", "/flag")):
        assert wrong(operator.get(f"flagged-charges?{query}", status=422)) == [(place, "unknown_value")]


def test_what_is_operators_is_not_for_tenants(mine: Customer) -> None:
    for path in ("wallet", "ledger", "subscription"):
        mine.calls.ask("GET", f"{mine.path}/{path}", status=401)
    mine.calls.post(f"{mine.path}/top-ups", {"amount": "1000", "reason": "mine"}, status=401)
    mine.calls.get("flagged-charges", status=401)


def test_a_key_needs_the_scope_of_billing(mine: Customer) -> None:
    reader = Operator(make_key(mine.tenant, scopes=["read"])[1])
    for path in ("wallet", "ledger", "subscription"):
        assert reader.get(path, status=403)["code"] == "permission_denied"


def test_a_plan_is_changed_from_the_next_month_on(operator: Operator) -> None:
    some = customer(plan=plan(default_budgets=[BUDGET], included_images=1), billing_timezone="America/New_York")
    bigger = plan(default_budgets=[{**BUDGET, "limit": 50}], allowed_models=[FLASH], included_credit=Decimal(3))
    now = some.calls.get("subscription")
    assert (now["included_images"], now["next"], now["allowed_models"]) == (1, None, None)
    moved = operator.patch(f"{some.path}/subscription", {"plan_id": public(bigger)})
    assert (moved["plan"], moved["next"]["plan"]["id"]) == (now["plan"], public(bigger))
    assert moved["next"]["starts_at"] == now["period_ends_at"]
    assert budgets(some) == [5]
    # the next month begins
    with acting_as("operator"):
        Subscription.objects.filter(tenant=some.tenant, begun_at=None).update(starts_at=timezone.now())
    subscriptions_begin()
    begun = some.calls.get("subscription")
    assert (begun["plan"]["id"], begun["next"], begun["allowed_models"]) == (public(bigger), None, [FLASH])
    assert budgets(some) == [50]
    assert some.calls.get("wallet")["credits"][0]["remaining"] == "3.000000000"
    with acting_as("operator"):
        changed = AuditEvent.objects.get(tenant_id=some.tenant.id, action="subscription.changed")
    assert changed.after["plan"] == bigger.slug


def budgets(some: Customer) -> list[Decimal]:
    with acting_as("operator"):
        return list(Budget.objects.filter(tenant=some.tenant, deleted_at=None).values_list("limit", flat=True))


def test_a_move_that_waits_is_replaced_and_undone(operator: Operator, mine: Customer) -> None:
    own = mine.calls.get("subscription")["plan"]["id"]
    first, second = plan(), plan()
    for wanted in (first, second):
        moved = operator.patch(f"{mine.path}/subscription", {"plan_id": public(wanted)})
        assert moved["next"]["plan"]["id"] == public(wanted)
    assert operator.patch(f"{mine.path}/subscription", {"plan_id": own})["next"] is None


def test_another_currency_needs_an_empty_wallet(operator: Operator, mine: Customer) -> None:
    euro = plan("EUR")
    before = books()
    problem = operator.patch(f"{mine.path}/subscription", {"plan_id": public(euro)}, status=409)
    assert (problem["code"], "nothing is exchanged" in problem["detail"]) == ("currency_change_refused", True)
    assert books() == before
    empty = customer(balance=0)
    moved = operator.patch(f"{empty.path}/subscription", {"plan_id": public(euro)})
    assert (moved["plan"]["id"], moved["next"]) == (public(euro), None)
    assert empty.calls.get("wallet")["currency"] == "EUR"
    operator.post(f"{empty.path}/top-ups", {"amount": "1", "reason": "x"})
    operator.patch(f"{empty.path}/subscription", {"plan_id": public(plan())}, status=409)


def test_a_plan_that_is_archived_or_unknown_takes_nobody(operator: Operator, mine: Customer) -> None:
    old = plan()
    operator.patch(f"plans/{public(old)}", {"archived": True})
    problem = operator.patch(f"{mine.path}/subscription", {"plan_id": public(old)}, status=409)
    assert problem["code"] == "plan_archived"
    for unknown in ("plan_" + "0" * 32, "x"):
        operator.patch(f"{mine.path}/subscription", {"plan_id": unknown}, status=404)


def test_a_plan_offers_its_models_only(mine: Customer) -> None:
    some = customer(plan=plan(allowed_models=[FLASH]))
    assert [model["id"] for model in some.calls.get("models")["data"]] == [FLASH]
    some.calls.get(f"models/{PRO}", status=404)
    refused = some.calls.post("quotes", {"model": PRO, "input": "a cat"}, status=403)
    assert (refused["code"], refused["errors"][0]["pointer"]) == ("model_not_allowed", "/model")


def test_a_reference_of_the_bank_is_booked_once(operator: Operator) -> None:
    mine = customer()
    first = operator.post(f"{mine.path}/top-ups", {"amount": "10", "reason": "wire", "reference": "W-93"}, status=201)
    assert first["reference"] == "W-93"
    again = operator.post(f"{mine.path}/top-ups", {"amount": "10", "reason": "wire", "reference": " W-93 "}, status=409)
    assert again["code"] == "reference_used"
    assert first["id"] in again["detail"]
    assert operator.get(f"{mine.path}/wallet")["balance"] == "110.000000000"
    for reference in ("W-94", ""):  # another one, and none, which may come often
        operator.post(f"{mine.path}/top-ups", {"amount": "1", "reason": "x", "reference": reference}, status=201)
    other = customer()
    assert operator.post(f"{other.path}/top-ups", {"amount": "10", "reason": "x", "reference": "W-93"}, status=201)
