"""Usage in the console: the figures of the API with names, by month and group, by day, as CSV; the forecast; tags."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.test import Client

from accounts.actor import SYSTEM
from accounts.models import ApiKey, Role
from billing.budgets.services import budget_create
from billing.models import Budget, BudgetPeriod, UsageTag
from cavendish.db import ids
from cavendish.db.router import acting_as
from tests.billing.test_usage_api import used
from tests.console.colleagues import Team, scripted
from tests.factories import FLASH, PRO, make_key, make_tenant
from tests.people.visitors import Visitor, shown

LITE = "gemini-3.1-flash-lite-image"
OLD = "gemini-2.5-flash-image"


@dataclass
class Studio:
    """A tenant with use of four weeks and today, by two keys, and the signed-in people of it."""

    team: Team
    key: ApiKey
    other: ApiKey
    secret: str

    @property
    def owner(self) -> Visitor:
        return self.team.member()

    def page(self, path: str = "") -> str:
        answer = self.owner.get(f"/console/usage/{path}")
        assert answer.status_code == 200, (path, answer.status_code)
        return shown(answer)

    def file(self, path: str) -> list[dict[str, str]]:
        answer = self.owner.get(f"/console/usage/{path}")
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        return list(csv.DictReader(StringIO(answer.content.decode())))

    def api(self, query: str) -> Any:
        headers = {"Authorization": f"Bearer {self.secret}"}
        return Client().get(f"/api/v1/usage?{query}", headers=headers).json()


def today() -> date:
    return datetime.now(UTC).date()


def month(back: int = 0) -> date:
    first = today().replace(day=1)
    for _ in range(back):
        first = (first - timedelta(days=1)).replace(day=1)
    return first


@pytest.fixture(scope="module")
def studio(django_db_setup: None) -> Studio:
    team = Team(make_tenant(billing_timezone="UTC"))
    key, secret = make_key(team.tenant)
    other = make_key(team.tenant)[0]
    with acting_as("owner"):
        ApiKey.objects.filter(id=key.id).update(name="Storefront")
        ApiKey.objects.filter(id=other.id).update(name="Nightly")
        UsageTag.objects.create(tenant=team.tenant, key="team")
    own: dict[str, Any] = {"api_key_id": key.id}
    for back in range(1, 29):
        at = f"{today() - timedelta(days=back)}T10:00:00Z"
        used(team.tenant, at, 1120, "2.000000001", **own)
        used(team.tenant, at, 1120, "0.5", model=PRO, image_size="4K", api_key_id=other.id)
    at = f"{today()}T00:00:00Z"
    used(team.tenant, at, 1120, "1", **own)
    used(team.tenant, at, 1120, "0.5", model=PRO, image_size="4K", api_key_id=other.id)
    used(team.tenant, at, 3, "0.014", kind="search_query", images=0, **own)
    used(team.tenant, at, 1120, "0.4", table="tagrollup", key="team", value="red")
    used(team.tenant, at, 1120, "0", livemode=False, model=LITE, **own)
    return Studio(team, key, other, secret)


def test_the_figures_are_those_of_the_api_to_the_last_digit(studio: Studio) -> None:
    for by, column in (("model", "model"), ("key", "key_id"), ("size", "image_size")):
        report = studio.api(f"group_by={by}&from={month()}")
        rows = studio.file(f"csv?by={by}")
        found = {row["id"]: (row["amount"], row["pictures"], row["tokens"], row["searches"]) for row in rows}
        assert found == {
            row[column] or "": (row["amount"], str(row["images"]), str(row["tokens"]), str(row["search_queries"]))
            for row in report["data"]
        }
        assert sum(Decimal(row["amount"]) for row in rows) == Decimal(report["totals"]["amount"])
        assert report["totals"]["amount"] in studio.page(f"?by={by}")
        assert f'href="/console/usage/statement.xlsx{"" if by == "model" else f"?by={by}"}"' in studio.page(f"?by={by}")
        for ending, begins in (("xlsx", b"PK"), ("pdf", b"%PDF-")):
            answer = studio.owner.get(f"/console/usage/statement.{ending}?by={by}")
            assert answer.content.startswith(begins)
            assert answer["Content-Disposition"].endswith(f'-by-{by}.{ending}"')


def test_the_table_by_day_sums_to_the_same(studio: Studio) -> None:
    report = studio.api(f"group_by=day&from={month()}")
    rows = studio.file("days/csv")
    assert {row["day"]: row["total"] for row in rows if Decimal(row["total"])} == {
        row["day"]: row["amount"] for row in report["data"]
    }
    assert all(Decimal(row["3.1 Flash"]) + Decimal(row["3 Pro"]) == Decimal(row["total"]) for row in rows)
    assert len(rows) == today().day
    of_key = studio.file(f"days/csv?by=key&of={ids.encode(ids.API_KEY, studio.other.id)}")
    assert {row["amount"] for row in of_key} <= {"0.500000000", "0.000000000"}
    assert "Nightly in" in studio.page(f"days/?by=key&of={ids.encode(ids.API_KEY, studio.other.id)}")


def test_numbers_lead_to_the_jobs_that_they_are_made_of(studio: Studio) -> None:
    page = studio.page()
    assert f"/console/jobs/?since={month()}&amp;until={today()}&amp;model={FLASH}" in page
    by_key = studio.page("?by=key")
    assert f"key_id={ids.encode(ids.API_KEY, studio.key.id)}" in by_key
    assert "Storefront" in by_key
    # Sizes are no filter of jobs, and who does billing alone sees none: then the table by day.
    assert "/console/usage/days/?by=size&amp;of=4K" in studio.page("?by=size")
    finance = shown(studio.team.member(Role.BILLING).get("/console/usage/"))
    assert "/console/jobs/" not in finance
    assert f"/console/usage/days/?of={FLASH}" in finance


def test_months_are_moved_through_and_none_lies_ahead(studio: Studio) -> None:
    before = month(1)
    page = studio.page(f"?month={before:%Y-%m}")
    assert re.search(rf"You spent <a href=\"#table\">\$[\d.]+</a> in {before:%B}", page)
    assert "at this pace" not in page
    ahead = (today().replace(day=28) + timedelta(days=5)).strftime("%Y-%m")
    for text in (ahead, "2026-13", "november", "2026-1"):
        assert studio.owner.get("/console/usage/", **{}).status_code == 200
        assert studio.owner.get(f"/console/usage/?month={text}").status_code == 404


def test_the_sentence_says_what_the_month_comes_to(studio: Studio) -> None:
    forecast = Client().get("/api/v1/usage/forecast", headers={"Authorization": f"Bearer {studio.secret}"}).json()
    expected, spent = Decimal(forecast["expected_amount"]), Decimal(forecast["amount"])
    page = studio.page()
    assert f"${spent:.2f}" in page
    assert f"${expected:.2f}" in page
    assert page.count('class="bar-pace"') == sum(
        Decimal(day["expected_amount"]) > Decimal(day["amount"]) for day in forecast["days"]
    )


def test_the_budget_that_is_full_next_stands_first(studio: Studio) -> None:
    with acting_as("operator"):
        budget = budget_create(
            tenant_id=studio.team.tenant.id, actor=SYSTEM, scope="key", scope_id=studio.key.id, period="week",
            metric="images", livemode=True, limit=Decimal(1),
        )  # fmt: skip
        Budget.objects.filter(id=budget.id).update(set_by_operator=False)
        BudgetPeriod.objects.filter(budget_id=budget.id).update(used=1)
    try:
        page = studio.page()
        assert "Storefront is full." in page
        assert "Its jobs are refused until" in page
        assert f"/console/usage/budgets/{ids.encode(ids.BUDGET, budget.id)}/raise/" in page
    finally:
        with acting_as("operator"):
            Budget.objects.filter(id=budget.id).update(deleted_at=datetime.now(UTC))


def test_usage_by_metadata_has_the_rest_too(studio: Studio) -> None:
    rows = {row["id"]: row for row in studio.file("csv?by=tag&tag=team")}
    assert rows["red"]["amount"] == "0.400000000"
    assert rows[""]["team"] == "Without team"
    report = studio.api(f"group_by=metadata.team&from={month()}")
    assert sum(Decimal(row["amount"]) for row in rows.values()) == Decimal(report["totals"]["amount"])


def test_metadata_names_are_chosen(studio: Studio) -> None:
    path = "/console/usage/tags/"
    preview = shown(scripted(studio.owner, path, tags="team, project"))
    assert "project, team" in preview
    assert scripted(studio.owner, path, tags="a, b, c, d, e, f", confirm="1").status_code == 200
    refused = shown(studio.owner.page)
    assert "errorlist" in refused
    answer = scripted(studio.owner, path, tags="project, team", confirm="1")
    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/console/usage/?by=tag")
    assert studio.file("csv?by=tag&tag=project")[0]["project"] == "Without project"
    assert "project" in studio.page("?by=tag")


def test_test_mode_shows_test_usage_which_is_free(studio: Studio) -> None:
    developer = studio.team.member(Role.ADMIN)
    developer.post("/console/mode", mode="test", next="/console/usage/")
    page = shown(developer.get("/console/usage/"))
    assert "1 test picture in" in page
    assert "3.1 Flash Lite" in page
    assert "Spend by day" not in page
    developer.post("/console/mode", mode="live", next="/console/usage/")


def test_more_than_four_groups_are_four_bars(studio: Studio) -> None:
    tenant = make_tenant(billing_timezone="UTC")
    team = Team(tenant)
    for place, (model, amount) in enumerate(((FLASH, "5"), (PRO, "4"), (LITE, "3"), (OLD, "2"), ("unheard-of", "1"))):
        used(tenant, f"{today()}T00:00:00Z", 10, amount, model=model, images=place)
    page = shown(team.member().get("/console/usage/"))
    assert re.findall(r'<i class="key key-(\w+)"></i>Other', page) == ["off"]
    assert page.count('key-s3"') == 2  # in the key and in the table
    assert "15.0000" in page


def test_a_tenant_that_used_nothing_is_told_so() -> None:
    owner = Team(make_tenant()).member()
    page = shown(owner.get("/console/usage/"))
    assert "Nothing was used in" in page
    assert "No budget yet." in page
    assert "at this pace" not in page
    assert shown(owner.get("/console/usage/days/")).count("Nothing was used in") == 1
