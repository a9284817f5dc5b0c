"""Prices and plans in the admin: a look at what changes and at last month's bills, then the change."""

from __future__ import annotations

import csv
import secrets
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEvent, OperatorRole
from billing.models import Plan, Price
from billing.plans.services import plan_ensure
from billing.usage.services import usage_platform_refresh
from cavendish.db import ids
from cavendish.db.router import acting_as
from generations.models import TokenVersion
from generations.tokens.selectors import token_versions_clear
from tests.admin.acting import act, act_done
from tests.billing.operators import books
from tests.billing.test_wallets import charged
from tests.factories import FLASH, make_tenant
from tests.generations.helpers import rows
from tests.people.visitors import Visitor, person, shown

pytestmark = pytest.mark.usefixtures("quiet")
SET = "/admin/prices/set/"


@pytest.fixture
def plan(django_db_setup: None) -> Plan:
    with acting_as("operator"):
        return plan_ensure(slug=f"p-{secrets.token_hex(6)}", name="Plan", markup_percent=Decimal(10))


def path(plan: Plan) -> str:
    return f"/admin/prices/plans/{ids.encode(ids.PLAN, plan.id)}/"


def price(plan: Plan) -> dict[str, str]:
    return {
        "plan": plan.slug, "model": FLASH, "kind": "image_output", "tier": "standard", "unit": "per_1m_tokens",
        "unit_price": "70",
    }  # fmt: skip


def test_a_price_is_looked_at_with_last_months_bills_and_then_set(operator: Visitor, plan: Plan) -> None:
    page = shown(operator.get(f"{SET}?plan={plan.slug}&kind=search_query"))
    assert f'value="{plan.slug}" selected' in page
    assert 'value="search_query" selected' in page
    before = books()
    looked = shown(operator.post(SET, **price(plan), confirm="1"))
    assert '<td class="r">66.00 USD</td><td class="r"><b>70.00 USD</b>' in looked
    assert "No bill of" in looked
    assert books() == before
    assert "is 70.00 USD per 1M tokens from" in act_done(operator, SET, **price(plan))
    with acting_as("operator"):
        [row] = Price.objects.filter(plan=plan)
        event = AuditEvent.objects.filter(action="price.added").latest("id")
    assert row.actor == f"operator {operator.email}"
    assert (event.actor_kind, event.actor_label) == ("operator", operator.email)
    assert "70.00 USD" in shown(operator.get(f"/admin/prices/versions/?plan={plan.slug}"))


def test_the_bills_that_would_differ_are_listed(operator: Visitor, plan: Plan) -> None:
    tenant = make_tenant(plan=plan, balance=10)
    charged(tenant)
    with acting_as("operator"):
        usage_platform_refresh()
    rows("owner", "UPDATE billing_usagerecord SET billing_date = (date_trunc('month', now()) - interval '1 day')::date "
         "WHERE tenant_id = %s", tenant.id)  # fmt: skip
    rows("owner", "UPDATE billing_platformmonth SET month = (date_trunc('month', now()) - interval '1 month')::date "
         "WHERE tenant_id = %s", tenant.id)  # fmt: skip
    looked = shown(operator.post(SET, **{**price(plan), "unit_price": "132"}, confirm="1"))
    assert tenant.name in looked
    for text in ("Revenue, USD", "Margin, USD", "Would be"):
        assert text in looked, text


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"effective_from": "2026-01-01T00:00"}, "starts in the past of accepted generations"),
        ({"unit_price": "-1"}, "must not be negative"),
        ({"unit_price": "1e3"}, "written in plain digits"),
        ({"unit_price": "NaN"}, "written in plain digits"),
        ({"unit_price": "0.0000000001"}, "at most nine decimal places"),
        ({"image_size": "1K"}, "Only a price per picture may differ by size"),
        ({"unit": "per_1k_queries"}, "image_output is priced per_1m_tokens or per_image"),
        ({"plan": "", "unit": "per_image"}, "The upstream sells tokens"),
    ],
)
def test_a_wrong_price_changes_nothing(operator: Visitor, plan: Plan, fields: dict[str, str], text: str) -> None:
    before = books()
    answer = act(operator, SET, **{**price(plan), **fields})
    assert (answer.status_code, text in shown(answer)) == (422, True)
    assert books() == before


def test_the_book_shows_price_cost_and_margin(operator: Visitor, plan: Plan) -> None:
    make_tenant(plan=plan)
    page = shown(operator.get(f"/admin/prices/?plan={plan.slug}"))
    for text in ("Prices of Plan", "66.00", "60.00", "9\u00a0%"):
        assert text in page, text
    upstream = shown(operator.get("/admin/prices/?plan=upstream"))
    assert "What the upstream charges" in upstream
    assert "30.00" in upstream  # the batch price on its list
    assert operator.get("/admin/prices/?plan=nobody").status_code == 404
    assert f"plan={plan.slug}&amp;" not in shown(operator.get("/admin/prices/below-cost/"))
    begins = timezone.now()
    with acting_as("operator"):
        Price.objects.create(plan=plan, model=FLASH, kind="image_output", unit_price=1, effective_from=begins)
    below = shown(operator.get("/admin/prices/below-cost/"))
    assert "below" in below
    assert f"plan={plan.slug}&amp;model={FLASH}&amp;kind=image_output" in below


def test_a_plan_gets_terms_and_keeps_what_a_new_version_does_not_change(operator: Visitor) -> None:
    slug = f"p-{secrets.token_hex(6)}"
    budget = {
        "budget_1_limit": "50", "budget_1_metric": "money", "budget_1_period": "month", "budget_1_alerts": "80, 100",
        "budget_1_hard": "true", "budget_1_livemode": "true",
    }  # fmt: skip
    terms = {
        "markup_percent": "10", "included_images": "500", "included_credit": "20", "allowed_models": [FLASH], **budget,
        "base_fee": "49", "minimum_commitment": "100", "volume_discounts": "1000: 10\r\n5000: 20.5",
    }  # fmt: skip
    new = {"slug": slug, "name": "Team", "currency": "USD", **terms}
    assert "Team can be given to tenants." in act_done(operator, "/admin/prices/plans/new/", **new)
    with acting_as("operator"):
        plan = Plan.objects.get(slug=slug)
    page = shown(operator.get(f"{path(plan)}new-version/"))
    started = page.partition('name="started_from" value="')[2].partition('"')[0]
    for text in ('name="included_images" value="500"', 'name="included_credit" value="20"', 'value="80, 100"',
                 'name="base_fee" value="49"', "1000: 10\n5000: 20.5"):  # fmt: skip
        assert text in page, text
    version = {**terms, "started_from": started, "markup_percent": "15"}
    looked = shown(operator.post(f"{path(plan)}new-version/", **version, confirm="1"))
    assert '<td class="r">10\u00a0%</td><td class="r"><b>15\u00a0%</b>' in looked
    assert "Included images" not in looked.partition("act-preview")[2]
    act_done(operator, f"{path(plan)}new-version/", **version)
    with acting_as("operator"):
        first, second = plan.versions.order_by("id")
    assert (second.markup_percent, second.included_images) == (Decimal(15), 500)
    assert second.included_credit == Decimal(20)
    assert (second.base_fee, second.minimum_commitment) == (Decimal(49), Decimal(100))
    assert second.volume_discounts == [
        {"above": "1000.000000000", "percent": "10"}, {"above": "5000.000000000", "percent": "20.5"}
    ]  # fmt: skip
    assert second.default_budgets == first.default_budgets
    assert [(row["limit"], row["alerts"]) for row in second.default_budgets] == [("50.000000000", [80, 100])]
    shown_page = shown(operator.get(path(plan)))
    assert "To begin" in shown_page
    assert "Mark-up: 10\u00a0% → <b>15\u00a0%</b>" in shown_page
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"budget_1_limit": "ten"}, "plain digits"),
        ({"budget_1_metric": "images", "budget_1_limit": "1.5"}, "whole numbers"),
        ({"budget_1_alerts": "200"}, "100"),
        ({"markup_percent": "-101"}, "Use -100 to"),
        ({"volume_discounts": "much: 10"}, "is no step"),
        ({"base_fee": "-1"}, "negative"),
    ]
    for fields, text in wrong:
        answer = act(operator, f"{path(plan)}new-version/", **{**version, **fields})
        assert (answer.status_code, text in shown(answer)) == (422, True), text
    again = act(operator, "/admin/prices/plans/new/", **{**new, "currency": "XXX"})
    assert "is no currency of ISO 4217" in shown(again)
    act_done(operator, f"{path(plan)}rename/", name="Crew")
    act_done(operator, f"{path(plan)}archive/")
    assert "Archived" in shown(operator.get(path(plan)))
    act_done(operator, f"{path(plan)}bring-back/")
    assert "Crew" in shown(operator.get("/admin/prices/plans/"))


def test_tokens_that_came_different_are_adopted(operator: Visitor) -> None:
    page = shown(operator.get("/admin/prices/tokens/"))
    assert "None: all figures are the catalog's." in page
    values = {"model": FLASH, "image_size": "1K", "tokens": "1290", "source": "Seen"}
    looked = shown(operator.post("/admin/prices/tokens/adopt/", **values, confirm="1"))
    assert '<td class="r">1120</td><td class="r"><b>1290</b>' in looked
    try:
        assert "counts as 1290 tokens" in act_done(operator, "/admin/prices/tokens/adopt/", **values)
    finally:
        with acting_as("operator"):
            [version] = TokenVersion.objects.all()
        rows("owner", "DELETE FROM generations_tokenversion")
        token_versions_clear()
    assert version.actor == f"operator {operator.email}"
    wrong = act(operator, "/admin/prices/tokens/adopt/", **{**values, "image_size": "9K"})
    assert wrong.status_code == 422


def test_margins_of_a_month_and_their_file(operator: Visitor, plan: Plan) -> None:
    tenant = make_tenant(plan=plan, balance=10)
    charged(tenant)
    with acting_as("operator"):
        usage_platform_refresh()
    page = shown(operator.get("/admin/prices/margins/"))
    assert tenant.name in page
    assert "of margin in" in page
    file = operator.get("/admin/prices/margins/csv").content.decode()
    [row] = [row for row in csv.DictReader(StringIO(file)) if row["tenant"] == tenant.slug]
    assert Decimal(row["revenue"]) - Decimal(row["cost"]) == Decimal(row["margin"]) > 0
    assert operator.get("/admin/prices/margins/?month=soon").status_code == 400


def test_only_who_may_price_does(plan: Plan) -> None:
    reader = person(operator=True, role=OperatorRole.SUPPORT)
    reader.sign_in()
    assert "Set a price" not in shown(reader.get("/admin/prices/"))
    for address in (SET, "/admin/prices/plans/new/", f"{path(plan)}new-version/", "/admin/prices/tokens/adopt/"):
        assert reader.get(address).status_code == 403, address
    assert reader.get(path(plan)).status_code == 200
