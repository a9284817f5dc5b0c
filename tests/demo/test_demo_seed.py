"""`demo_seed`: true books of a believable life, once, and never where somebody's real tenants are.

It is seeded into services of its own: what stands beside it would be in its way, and it in the way of other tests.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from psycopg.rows import dict_row

from cavendish.above.demo import DemoRefused, refuse_unless_own
from cavendish.above.demo.profiles import PROFILES
from cavendish.above.demo.rhythm import arrivals
from cavendish.db.router import acting_as
from tests.factories import make_tenant
from tests.services import Alone, services_alone


@dataclass
class Demo(Alone):
    """A seeded database: `said` is what the command printed."""

    said: str = ""

    def rows(self, statement: str) -> list[dict[str, Any]]:
        with psycopg.connect(self.owner_url, row_factory=dict_row) as connection:
            return connection.execute(statement.encode()).fetchall()

    def one(self, statement: str) -> Any:
        (row,) = self.rows(statement)
        (value,) = row.values()
        return value


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with services_alone() as alone:
        made = Demo(alone.data_dir, alone.owner_url)
        done = made.manage("demo_seed", "--scale", "0.04")
        assert done.returncode == 0, done.stderr[-3000:]
        made.said = done.stdout
        yield made


@pytest.mark.slow
def test_the_books_are_true(demo: Demo) -> None:
    done = demo.manage("reconcile", "--rows", "3")

    assert done.returncode == 0, done.stdout
    assert "Nothing differs" in done.stdout


@pytest.mark.slow
def test_twelve_tenants_have_a_life(demo: Demo) -> None:
    tenants = {row["slug"]: row["status"] for row in demo.rows("SELECT slug, status FROM accounts_tenant")}
    assert tenants == {
        slug: "suspended" if slug == "vela" else "active" for slug in (profile.slug for profile in PROFILES)
    }
    jobs = demo.one("SELECT count(*) FROM generations_generation")
    assert 1_700 < jobs < 2_300
    assert f"12 tenants, {jobs} generations" in demo.said

    # It goes up to this minute, and an hour ago something went wrong with one of them.
    assert demo.one("SELECT now() - max(finished_at) < interval '3 minutes' FROM generations_generation")
    failing = demo.rows(
        """SELECT g.error->>'code' AS code, count(DISTINCT g.id), count(*) AS calls, max(c.status) AS status
           FROM generations_generation g JOIN accounts_tenant t ON t.id = g.tenant_id AND t.slug = 'acme'
           JOIN generations_upstreamcall c ON c.generation_id = g.id
           WHERE g.status = 'failed' AND g.finished_at > now() - interval '62 minutes' GROUP BY 1"""
    )
    assert failing == [{"code": "upstream_unavailable", "count": 12, "calls": 36, "status": 503}]

    # The money makes sense, and is on the operator's pages.
    margin = demo.one("SELECT 1 - sum(cost) / sum(amount) FROM billing_platformtotal WHERE livemode")
    assert 0.2 < margin < 0.4
    latest = "WHERE finished_at >= (SELECT min(hour) FROM generations_activitytotal)"
    counted = demo.one("SELECT sum(jobs) FROM generations_activitytotal")
    assert jobs > counted == demo.one(f"SELECT count(*) FROM generations_generation {latest}") > jobs / 3
    assert demo.one(
        """SELECT count(*) FROM billing_budgetperiod p JOIN billing_budget b ON b.id = p.budget_id
           WHERE p.hard AND p.used >= 0.9 * b.limit"""
    )
    flagged = (
        "FROM billing_charge c LEFT JOIN billing_flagresolution r ON r.charge_id = c.generation_id WHERE flags <> '[]'"
    )
    assert demo.one(f"SELECT count(*) FILTER (WHERE r.charge_id IS NULL) {flagged}")
    assert demo.one(f"SELECT count(r.charge_id) {flagged}")
    slots = "FROM generations_prompttemplateversion v, jsonb_array_elements(v.slots) slot"
    assert demo.one(f"SELECT bool_and(slot ?& array['name', 'label', 'required']) {slots}")
    invoices = {row["status"] for row in demo.rows("SELECT DISTINCT status FROM billing_invoice")}
    assert {"finalised", "paid"} <= invoices


@pytest.mark.slow
def test_its_pictures_are_there_and_the_older_ones_are_erased(demo: Demo) -> None:
    outputs = demo.rows("SELECT storage_key, bytes, width, height FROM generations_output")
    assert len(outputs) > 50
    for output in outputs:
        assert (demo.data_dir / "objects" / output["storage_key"]).stat().st_size == output["bytes"]
    shapes = [output["width"] / output["height"] for output in outputs]
    assert min(shapes) == pytest.approx(1 / 8)
    assert max(shapes) == pytest.approx(21 / 9, rel=0.02)
    assert demo.one("SELECT count(*) FROM generations_generationcontent WHERE grounding->>'search_suggestions' <> '[]'")
    kept = (
        "SELECT count(*) FROM generations_generation g JOIN generations_generationcontent c ON c.generation_id = g.id"
    )
    assert demo.one(f"{kept} WHERE (g.deleted_at IS NULL) <> (c.request <> '{{}}')") == 0


@pytest.mark.slow
def test_a_second_time_it_says_that_it_is_there(demo: Demo) -> None:
    before = demo.one("SELECT count(*) FROM billing_ledgerentry")

    done = demo.manage("demo_seed")

    assert (done.returncode, done.stdout) == (0, "The demo is there already; nothing was seeded.\n")
    assert demo.one("SELECT count(*) FROM billing_ledgerentry") == before


def test_it_is_refused_beside_other_tenants() -> None:
    tenant = make_tenant()
    with pytest.raises(CommandError, match="tenants that are not the demo's"):
        call_command("demo_seed")
    with acting_as("owner"), pytest.raises(DemoRefused, match="not the demo's"):
        refuse_unless_own(frozenset({tenant.slug}) - {tenant.slug})


def test_it_is_refused_where_others_may_reach_it(settings: Any) -> None:
    settings.BASE_URL = "https://images.example.com"
    with pytest.raises(CommandError, match=r"BASE_URL is https://images\.example\.com"):
        call_command("demo_seed")


def test_a_tenant_works_in_its_own_working_hours() -> None:
    now = datetime(2026, 11, 28, 20, 0, tzinfo=UTC)

    def draw(seed: int) -> list[datetime]:
        return arrivals(PROFILES[0], count=4000, days=91, now=now, rng=random.Random(seed))

    moments = draw(1)
    assert moments == draw(1) != draw(2)
    assert moments == sorted(moments)
    assert now - timedelta(days=91) <= moments[0] < moments[-1] < now
    by_weekday = [sum(moment.weekday() == day for moment in moments) for day in range(7)]
    assert max(by_weekday[5:]) < min(by_weekday[:5])
    nights = sum(moment.hour in (0, 1, 2, 3) for moment in moments)  # UTC; it works in Berlin
    assert nights < len(moments) / 50
    half = sum(moment > now - timedelta(days=45) for moment in moments)
    assert half > len(moments) * 0.54, "it grows"
