"""Budgets in the console: created, changed, raised, deleted by the services, with what they mean; who spends them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.actor import SYSTEM
from accounts.models import AuditEvent, Role
from billing.budgets.services import budget_create
from billing.errors import BudgetExceeded
from billing.models import Budget
from cavendish.db import ids
from cavendish.db.router import acting_as
from tests.billing.invoices.helpers import spend
from tests.billing.test_usage_api import used
from tests.console.colleagues import Team, scripted
from tests.factories import make_key, make_tenant, submit_generation
from tests.people.visitors import shown

NEW = "/console/usage/budgets/new/"
FIELDS = {"scope": "tenant", "period": "month", "metric": "money", "limit": "25.00", "hard": "on", "alerts": "80, 100"}


def budgets(team: Team) -> list[Budget]:
    with acting_as("operator"):
        return list(Budget.objects.filter(tenant=team.tenant, deleted_at=None).order_by("id"))


def path(budget: Budget, act: str = "") -> str:
    return f"/console/usage/budgets/{ids.encode(ids.BUDGET, budget.id)}/{act}"


@pytest.fixture
def team() -> Team:
    return Team(make_tenant(billing_timezone="UTC"))


def make(team: Team, **values: Any) -> Budget:
    terms = {"scope": "tenant", "scope_id": team.tenant.id, "period": "month", "metric": "money", "livemode": True}
    of_operator = values.pop("set_by_operator", False)
    with acting_as("operator"):
        budget = budget_create(tenant_id=team.tenant.id, actor=SYSTEM, **{**terms, "limit": Decimal(25), **values})
        Budget.objects.filter(id=budget.id).update(set_by_operator=of_operator)
        return budget


def test_a_budget_is_created_after_a_look_at_what_is_used(team: Team) -> None:
    owner = team.member()
    spend(team.tenant, datetime.now(UTC).date(), {"image_output": 500_000})
    looked = shown(owner.post(NEW, **FIELDS, confirm="1"))
    assert "30.00 is used already and counts." in looked
    assert "So nothing is left" in looked
    assert not budgets(team)
    seen = re.search(r'name="seen" value="(\w+)"', looked)
    assert seen is not None
    answer = owner.post(NEW, **FIELDS, confirm="1", seen=seen[1])
    assert (answer.status_code, answer["Location"]) == (302, "/console/usage/budgets/")
    [budget] = budgets(team)
    assert (budget.limit, budget.hard, budget.alerts, budget.set_by_operator) == (Decimal(25), True, [80, 100], False)
    with acting_as("operator"):
        event = AuditEvent.objects.get(tenant=team.tenant, action="budget.created")
    assert event.actor_label == owner.email
    page = shown(owner.get("/console/usage/budgets/"))
    assert "30.00 of 25.00" in page
    assert "Full" in page


def test_a_budget_of_a_key_and_of_a_member_in_test_mode(team: Team) -> None:
    owner = team.member()
    owner.post("/console/mode", mode="test", next=NEW)
    key = make_key(team.tenant, livemode=False)[0]
    live = make_key(team.tenant)[0]
    assert ids.encode(ids.API_KEY, live.id) not in shown(owner.get(NEW))
    of_key = {**FIELDS, "scope": ids.encode(ids.API_KEY, key.id), "metric": "images", "limit": "1,000", "period": "day"}
    assert scripted(owner, NEW, **of_key, confirm="1").status_code == 204
    of_member = {**FIELDS, "scope": ids.encode(ids.USER, owner.user.id), "period": "total"}
    assert scripted(owner, NEW, **of_member, confirm="1").status_code == 204
    first, second = budgets(team)
    assert (first.livemode, first.scope, first.scope_id, first.limit) == (False, "key", key.id, Decimal(1000))
    assert (second.scope, second.scope_id, second.period) == ("member", owner.user.id, "total")
    page = shown(owner.get("/console/usage/budgets/"))
    assert "1\u202f000 Images" in page
    assert "in total" in page


def test_what_cannot_be_is_said_beside_its_field(team: Team) -> None:
    owner = team.member()
    for values, text in (
        ({"limit": "much"}, "plain digits"),
        ({"alerts": "80, 120"}, "120"),
        ({"metric": "images", "limit": "1.5"}, "whole number"),
        ({"limit": ""}, "required"),
    ):
        answer = owner.post(NEW, **{**FIELDS, **values}, confirm="1")
        assert answer.status_code == 422, values
        assert text in shown(answer), values
    assert not budgets(team)


def test_a_budget_is_changed_with_before_and_after(team: Team) -> None:
    owner, budget = team.member(), make(team)
    used(team.tenant, f"{datetime.now(UTC):%Y-%m-%d}T00:00:00Z", 10, "1")
    form = {"limit": "40", "alerts": "90"}
    preview = shown(scripted(owner, path(budget, "change/"), **form))
    assert re.search(r'25\.00</td><td class="r"><b>40\.00</b>', preview)
    assert re.search(r'refuses</td><td class="r"><b>counts</b>', preview)
    assert scripted(owner, path(budget, "change/"), **form, confirm="1")["HX-Redirect"] == path(budget)
    [changed] = budgets(team)
    assert (changed.limit, changed.hard, changed.alerts) == (Decimal(40), False, [90])


def test_a_raise_falls_back_by_itself(team: Team) -> None:
    owner, budget = team.member(), make(team)
    form = shown(owner.get(path(budget, "raise/")))
    assert 'value="28.00"' in form  # ten percent above the limit, in whole coins
    until = datetime.now(UTC) + timedelta(days=3)
    answer = scripted(
        owner, path(budget, "raise/"), raise_to="50", raise_until=until.strftime("%Y-%m-%dT%H:%M"), confirm="1"
    )
    assert answer.status_code == 204
    [raised] = budgets(team)
    assert (raised.limit, raised.raise_to) == (Decimal(25), Decimal(50))
    page = shown(owner.get(path(budget)))
    assert "50.00 of 50.00 left" in page
    assert "raised until" in page
    low = scripted(
        owner, path(budget, "raise/"), raise_to="20", raise_until=until.strftime("%Y-%m-%dT%H:%M"), confirm="1"
    )
    assert "A raise goes above the limit." in shown(low)


def test_a_budget_is_deleted_and_its_page_is_gone(team: Team) -> None:
    owner, budget = team.member(), make(team)
    assert scripted(owner, path(budget, "delete/"), confirm="1")["HX-Redirect"] == "/console/usage/budgets/"
    assert not budgets(team)
    assert owner.get(path(budget)).status_code == 404
    assert owner.get(path(budget, "raise/")).status_code == 404
    assert owner.get(path(make(team), "nothing/")).status_code == 404


def test_the_operators_budget_is_the_operators(team: Team) -> None:
    owner, budget = team.member(), make(team, set_by_operator=True)
    page = shown(owner.get(path(budget)))
    assert "Your operator set this budget." in page
    assert "/change/" not in page
    refused = scripted(owner, path(budget, "delete/"), confirm="1")
    assert "The operator of this platform set this budget" in shown(refused)
    assert budgets(team)


def test_another_tenants_budget_is_not_there(team: Team) -> None:
    stranger = Team()
    assert stranger.member().get(path(make(team))).status_code == 404


def test_its_page_says_who_spends_it_and_why_jobs_are_refused(team: Team) -> None:
    owner = team.member()
    key = make_key(team.tenant)[0]
    day = f"{datetime.now(UTC):%Y-%m-%d}T00:00:00Z"
    used(team.tenant, day, 10, "3", api_key_id=key.id, member_id=owner.user.id)
    used(team.tenant, day, 10, "1")
    budget = make(team, limit=Decimal("0.01"), alerts=[50])
    page = shown(owner.get(path(budget)))
    assert re.search(r'Test key</a>.*?3\.00</td><td class="r">75\xa0%', page, re.DOTALL)
    assert "By member" in page
    assert "Grace" in page
    # A job that may cost more than is left is refused in words that lead here.
    with pytest.raises(BudgetExceeded) as refusal:
        submit_generation(team.tenant)
    assert ids.encode(ids.BUDGET, budget.id) in refusal.value.detail
    assert "budget_exceeded" in page
    assert "So jobs can be refused before the bar is full" in page
    finance = team.member(Role.BILLING)
    assert finance.get(path(budget)).status_code == 200
