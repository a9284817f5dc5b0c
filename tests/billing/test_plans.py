"""Plans as operators make them: terms in versions, refusals that leave the books as they are."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEvent
from cavendish.db.router import acting_as
from tests.billing.operators import Json, Operator, books, wrong
from tests.factories import FLASH


@pytest.fixture(scope="module")
def operator(django_db_setup: None) -> Operator:
    return Operator()


def body(**fields: Any) -> Json:
    return {"slug": f"p-{secrets.token_hex(6)}", "name": "Team", **fields}


BUDGET = {"period": "month", "metric": "money", "limit": "50", "hard": True, "alerts": [80], "livemode": True}


def test_a_plan_is_made_with_its_first_terms(operator: Operator) -> None:
    terms = {
        "markup_percent": "12.5", "included_images": 100, "included_credit": "5",
        "base_fee": "49", "minimum_commitment": "0",
        "volume_discounts": [{"above": "1000", "percent": "10"}],
        "allowed_models": [FLASH], "default_budgets": [BUDGET],
    }  # fmt: skip
    made = operator.post("plans", body(currency="EUR", **terms))
    assert (made["currency"], made["archived"], made["name"]) == ("EUR", False, "Team")
    shown = {name: made["terms"][name] for name in terms}
    assert shown == {
        **terms, "included_credit": "5.000000000", "base_fee": "49.000000000", "minimum_commitment": "0.000000000",
        "volume_discounts": [{"above": "1000.000000000", "percent": "10"}],
        "default_budgets": [{**BUDGET, "limit": "50.000000000"}],
    }  # fmt: skip
    assert operator.get(f"plans/{made['id']}") == made
    assert operator.get("plans?limit=1")["data"] == [made]


def test_new_terms_keep_what_they_do_not_name(operator: Operator) -> None:
    plan = operator.post("plans", body(markup_percent="10", included_images=7))
    begins = (timezone.now() + timedelta(days=2)).isoformat()
    later = operator.post(f"plans/{plan['id']}/versions", {"markup_percent": "-5", "effective_from": begins})
    assert (later["markup_percent"], later["included_images"]) == ("-5", 7)
    assert operator.get(f"plans/{plan['id']}")["terms"]["markup_percent"] == "10"
    versions = operator.get(f"plans/{plan['id']}/versions")["data"]
    assert [version["markup_percent"] for version in versions] == ["-5", "10"]
    with acting_as("operator"):
        event = AuditEvent.objects.filter(action="plan.terms_added").latest("id")
    assert event.before == {"markup_percent": "10.0000"}
    assert event.after["markup_percent"] == "-5.000000000"


def test_a_plan_is_renamed_and_archived(operator: Operator) -> None:
    plan = operator.post("plans", body())
    before = books()
    changed = operator.patch(f"plans/{plan['id']}", {"name": "Old team", "archived": True})
    assert books() != before  # what the other tests compare does see a change
    assert (changed["name"], changed["archived"], changed["slug"]) == ("Old team", True, plan["slug"])
    assert operator.patch(f"plans/{plan['id']}", {}) == changed
    assert operator.patch(f"plans/{plan['id']}", {"archived": False})["archived"] is False


@pytest.mark.parametrize(
    ("fields", "place", "code"),
    [
        ({"currency": "XAU"}, "/currency", "unknown_value"),
        ({"currency": "usd"}, "/currency", "unknown_value"),
        ({"currency": "DOLLAR"}, "/currency", "too_long"),
        ({"markup_percent": "-100.0001"}, "/markup_percent", "out_of_range"),
        ({"markup_percent": "10000.1"}, "/markup_percent", "out_of_range"),
        ({"markup_percent": "0.00001"}, "/markup_percent", "out_of_range"),
        ({"markup_percent": "NaN"}, "/markup_percent", "not_an_amount"),
        ({"markup_percent": 5}, "/markup_percent", "wrong_type"),
        ({"included_images": -1}, "/included_images", "out_of_range"),
        ({"included_images": 10**12}, "/included_images", "out_of_range"),
        ({"included_images": "5"}, "/included_images", "wrong_type"),
        ({"included_images": True}, "/included_images", "wrong_type"),
        ({"included_credit": "-0.01"}, "/included_credit", "negative"),
        ({"included_credit": "1e9"}, "/included_credit", "not_an_amount"),
        ({"base_fee": "-1"}, "/base_fee", "negative"),
        ({"minimum_commitment": 100}, "/minimum_commitment", "wrong_type"),
        ({"volume_discounts": [{"above": "5", "percent": "101"}]}, "/volume_discounts/0/percent", "out_of_range"),
        (
            {"volume_discounts": [{"above": "5", "percent": "1"}, {"above": "5", "percent": "2"}]},
            "/volume_discounts/1/above",
            "out_of_range",
        ),
        ({"allowed_models": ["gemini-9"]}, "/allowed_models/0", "unknown_model"),
        ({"default_budgets": [{**BUDGET, "limit": "-1"}]}, "/default_budgets/0/limit", "negative"),
        ({"default_budgets": [{**BUDGET, "metric": "images"}]}, "/default_budgets/0/limit", "wrong_type"),
        ({"default_budgets": [{**BUDGET, "period": "year"}]}, "/default_budgets/0/period", "unknown_value"),
        ({"default_budgets": [{**BUDGET, "cap": "1"}]}, "/default_budgets/0/cap", "unknown_field"),
        ({"slug": "A b"}, "/slug", "unknown_value"),
        ({"name": ""}, "/name", "too_short"),
        ({"price": "1"}, "/price", "unknown_field"),
    ],
)  # fmt: skip
def test_wrong_terms_are_refused_and_the_books_stay(operator: Operator, fields: Json, place: str, code: str) -> None:
    before = books()
    assert wrong(operator.post("plans", body(**fields), status=422)) == [(place, code)]
    assert books() == before


def test_a_slug_is_taken_once(operator: Operator) -> None:
    plan = operator.post("plans", body())
    before = books()
    assert operator.post("plans", body(slug=plan["slug"]), status=409)["code"] == "plan_exists"
    assert books() == before


def test_terms_cannot_start_in_the_past(operator: Operator) -> None:
    plan = operator.post("plans", body())
    before = books()
    late = {"markup_percent": "1", "effective_from": "2026-01-01T00:00:00Z"}
    problem = operator.post(f"plans/{plan['id']}/versions", late, status=422)
    assert wrong(problem) == [("/effective_from", "in_the_past")]
    assert books() == before
