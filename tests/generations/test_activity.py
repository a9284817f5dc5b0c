"""The hourly counts of jobs: by their end, whole, and the same however they came about."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from accounts.models import Tenant
from accounts.webhooks.metrics import DELIVERIES
from billing.models import PlatformDay
from cavendish.db.router import acting_as
from generations.models import TenantMove
from generations.upkeep.activity import activity_rebuild, activity_refresh
from generations.upkeep.durations import EDGES, percentile
from generations.upkeep.gauges import gauges_take
from generations.upkeep.sweep import sweep
from tests.factories import make_tenant, queue_clear, submit_generation
from tests.generations.helpers import claim, finish, one, register, rows, succeeded
from tests.generations.histograms import bucket_of, histogram

HOUR = timedelta(hours=1)
COUNTED = "outcome, error_code, upstream_status, jobs, pictures, retried, duration_buckets, duration_counts"
pytestmark = pytest.mark.usefixtures("quiet")


def ended(tenant: Tenant, at: datetime, model: str, *, seconds: float | None = 8, **columns: Any) -> UUID:
    """A job that ended at a moment, so many seconds after it began; with None it never began."""
    images = columns.pop("images", 1)
    id = submit_generation(tenant, max_images=images)
    if seconds is None:
        queue_clear()
    else:
        [job] = claim(register())
        result = succeeded(job)
        result["charge"]["images"] = images
        if columns.get("error"):
            result |= {"status": "failed", "error": {"code": columns.pop("error"), "message": "x"}}
            result["charge"]["images"] = 0
        assert finish(job, result) == "ended"
    values = {
        "model": model, "finished_at": at, "started_at": at - timedelta(seconds=seconds) if seconds else None, **columns
    }  # fmt: skip
    sets = ", ".join(f"{name} = %s" for name in values)
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"UPDATE generations_generation SET {sets} WHERE id = %s", [*values.values(), id])
    return id


def counts(table: str, model: str) -> list[tuple[Any, ...]]:
    order = f"{'' if 'latest' in table else 'hour, '}outcome, error_code, upstream_status"
    found = rows("owner", f"SELECT {COUNTED} FROM generations_activity{table} WHERE model = %s ORDER BY {order}", model)
    return [tuple(row.values()) for row in found]


def hours(table: str, model: str) -> list[tuple[datetime, int]]:
    found = rows("owner", f"SELECT hour, jobs FROM generations_activity{table} WHERE model = %s ORDER BY 1", model)
    return [(row["hour"].astimezone(UTC), row["jobs"]) for row in found]


def some_model() -> str:
    return f"m-{secrets.token_hex(4)}"


def test_jobs_are_counted_by_how_they_ended_and_by_their_pictures_and_durations() -> None:
    one_tenant, other, model = make_tenant(), make_tenant(), some_model()
    at = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
    ended(one_tenant, at, model, seconds=8.5, images=2)
    ended(one_tenant, at, model, seconds=8.6, failures=1)
    ended(other, at, model, seconds=30, attempts=2)
    failed = ended(one_tenant, at, model, seconds=3, error="upstream_unavailable")
    rows(
        "owner",
        """INSERT INTO generations_upstreamcall (generation_id, tenant_id, attempt, number, kind, started_at, ended_at,
               host, upstream_key, status, code, message, upstream_id, bytes, pictures)
           SELECT %s, %s, 1, n, 'create', now(), now(), '', '', status, '', '', '', 0, 0
           FROM (VALUES (1, 429), (2, 503)) AS c (n, status)""",
        failed,
        one_tenant.id,
    )
    ended(other, at, model, seconds=None)

    activity_rebuild(since=at, until=at)

    eight, thirty, three = (bucket_of(seconds) for seconds in (8.5, 30, 3))
    assert counts("total", model) == [
        ("canceled", "", 0, 1, 0, 0, [], []),
        ("failed", "upstream_unavailable", 503, 1, 0, 0, [three], [1]),
        ("succeeded", "", 0, 3, 4, 2, [eight, thirty], [2, 1]),
    ]
    mine = rows(
        "owner",
        f"SELECT {COUNTED} FROM generations_activityhour WHERE model = %s AND tenant_id = %s ORDER BY outcome",
        model,
        one_tenant.id,
    )
    assert [tuple(row.values()) for row in mine] == [
        ("failed", "upstream_unavailable", 503, 1, 0, 0, [three], [1]),
        ("succeeded", "", 0, 2, 3, 1, [eight], [2]),
    ]


def test_an_hour_has_its_first_moment_and_not_the_next_ones() -> None:
    tenant, model = make_tenant(), some_model()
    hour = datetime(2026, 3, 2, 12, tzinfo=UTC)
    for at in (hour - timedelta(microseconds=1), hour, hour + HOUR - timedelta(microseconds=1), hour + HOUR):
        ended(tenant, at, model)

    activity_rebuild(since=hour + timedelta(minutes=59), until=hour + timedelta(minutes=59))
    assert hours("total", model) == [(hour, 2)]

    call_command("activity_rebuild", "--since=2026-03-02", "--until=2026-03-02", stdout=StringIO())
    assert hours("hour", model) == hours("total", model) == [(hour - HOUR, 1), (hour, 2), (hour + HOUR, 1)]


def test_what_the_clock_counts_is_what_a_rebuild_counts_also_where_rows_were_wrong() -> None:
    tenant, model, now = make_tenant(), some_model(), timezone.now()
    long_ago = ended(tenant, now.replace(minute=0, second=0) - timedelta(minutes=30), model)
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            """UPDATE generations_generation SET created_at = now() - interval '9 days',
                   deadline_at = now() - interval '8 days' WHERE id = %s""",
            [long_ago],
        )
    activity_refresh()
    ended(tenant, now, model, error="internal")
    activity_refresh()
    counted = [counts("hour", model), counts("total", model), hours("hour", model)]
    assert sum(jobs for _, jobs in hours("total", model)) == 2

    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE generations_activityhour SET jobs = 7 WHERE model = %s", [model])
        cursor.execute("UPDATE generations_activitytotal SET error_code = 'other' WHERE model = %s", [model])
    activity_refresh()
    assert [counts("hour", model), counts("total", model), hours("hour", model)] == counted

    with connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM generations_activityhour WHERE model = %s", [model])
        cursor.execute("DELETE FROM generations_activitytotal WHERE model = %s", [model])
    activity_rebuild(since=now - 2 * HOUR, until=now)
    assert [counts("hour", model), counts("total", model), hours("hour", model)] == counted


def test_the_last_sixty_minutes_move_on() -> None:
    tenant, model, now = make_tenant(), some_model(), timezone.now()
    leaves = ended(tenant, now - timedelta(minutes=59), model)
    ended(tenant, now - timedelta(minutes=61), model)
    ended(tenant, now, model)
    activity_refresh()
    assert [row[3] for row in counts("latest", model)] == [2]
    assert counts("latesttotal", model) == counts("latest", model)
    first = one("owner", "SELECT first_at FROM generations_activitylatest WHERE model = %s", model)
    assert first == now - timedelta(minutes=59)

    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE generations_generation SET finished_at = %s WHERE id = %s", [now - HOUR, leaves])
    activity_refresh()
    assert [row[3] for row in counts("latest", model)] == [row[3] for row in counts("latesttotal", model)] == [1]


def test_after_a_gap_it_begins_with_the_last_hour_that_is_counted() -> None:
    tenant, model = make_tenant(), some_model()
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    for ago in (9, 8, 3):
        ended(tenant, now - ago * HOUR, model)
    activity_rebuild(since=now - 9 * HOUR, until=now - 9 * HOUR)
    with connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM generations_activitytotal WHERE hour > %s", [now - 9 * HOUR])
    activity_refresh()
    assert hours("total", model) == [(now - ago * HOUR, 1) for ago in (9, 8, 3)]


def test_jobs_are_found_by_indexes() -> None:
    plan = rows(
        "owner",
        """EXPLAIN SELECT id FROM generations_generation WHERE status IN ('failed', 'canceled')
               AND finished_at >= now() - interval '1 hour'
           UNION ALL SELECT id FROM generations_generation WHERE status = 'succeeded' AND model = 'm'
               AND image_size = '1K' AND finished_at >= now() - interval '1 hour'""",
    )
    text = str(plan)
    assert "generations_unsuccessful" in text
    assert "generations_latest" in text
    assert one("owner", "SELECT indisvalid FROM pg_index WHERE indexrelid = 'generations_unsuccessful'::regclass")


def test_buckets_are_those_of_postgresql_and_percentiles_lie_in_them() -> None:
    for seconds in (0.0, 0.49, 0.5, 1.0, 8.0, 9.6, 724.0, 725.0, 1e6):
        assert one("owner", "SELECT width_bucket(%s::float8, %s)", seconds, list(EDGES)) == bucket_of(seconds)
    durations = [4 + 16 * n / 999 for n in range(1000)]
    counted = dict(zip(*histogram(durations), strict=True))
    assert percentile(counted, 0.5) == pytest.approx(12, rel=0.02)
    assert percentile(counted, 0.95) == pytest.approx(19.2, rel=0.05)
    assert percentile({bucket_of(10): 1}, 0.5) == pytest.approx(10, rel=0.19)
    assert percentile({bucket_of(9_999): 3}, 0.5) == EDGES[-1]
    assert percentile({}, 0.5) is None


def test_what_the_jobs_of_an_hour_cost_is_that_of_their_charges() -> None:
    tenant, model = make_tenant(), some_model()
    hour = datetime(2026, 2, 3, 7, tzinfo=UTC)
    mine = [ended(tenant, hour + timedelta(minutes=10 * n), model) for n in range(3)]
    activity_rebuild(since=hour, until=hour)
    charged = "SELECT sum(amount) AS amount, sum(cost) AS cost FROM billing_charge WHERE generation_id = ANY (%s)"
    (sums,) = rows("owner", charged, mine)
    counted = "SELECT currency, jobs, amount, cost FROM generations_activitymoney WHERE hour = %s AND livemode"
    assert rows("owner", counted, hour) == [{"currency": "USD", "jobs": 3, **sums}]

    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "UPDATE generations_generation SET finished_at = %s WHERE id = ANY (%s)", [hour + 9 * HOUR, mine]
        )
    activity_rebuild(since=hour, until=hour)
    assert rows("owner", counted, hour) == []


def test_gauges_keep_the_last_and_the_highest_and_sum_what_is_counted() -> None:
    queue_clear()
    gauges_take()  # what earlier tests have counted is told with it
    with connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM generations_platformgauge")
    tenant = make_tenant()
    waiting = "SELECT last, peak FROM generations_platformgauge WHERE name = 'queue_waiting'"
    for _ in range(2):
        submit_generation(tenant)
    gauges_take()
    assert rows("owner", waiting) == [{"last": 2, "peak": 2}]
    queue_clear()
    gauges_take()
    assert rows("owner", waiting) == [{"last": 0, "peak": 2}]
    held = "SELECT last, peak > 0 AS was_held FROM generations_platformgauge WHERE name = 'held_USD'"
    assert [row["was_held"] for row in rows("owner", held)] == [True]

    for count in (1, 2):
        late = [submit_generation(tenant) for _ in range(count)]
        with connections["owner"].cursor() as cursor:
            cursor.execute("UPDATE generations_generation SET deadline_at = now() WHERE id = ANY (%s)", [late])
        assert sweep()["expired"] == count
    DELIVERIES.labels("retried").inc(3)
    gauges_take()
    counted = "SELECT name, last FROM generations_platformgauge WHERE name ~ 'sweeper|webhooks' ORDER BY name"
    assert {row["name"]: row["last"] for row in rows("owner", counted)} == {"sweeper_expired": 3, "webhooks_retried": 3}


def test_what_tenants_paid_is_summed_by_weeks() -> None:
    tenant, other = make_tenant(), make_tenant()
    today = timezone.now().date()
    with acting_as("operator"):
        for days, amount in ((0, 1), (1, 10), (7, 20), (8, 300), (14, 400), (15, 5000)):
            for model in ("a", "b"):
                PlatformDay.objects.create(
                    billing_date=today - timedelta(days=days), livemode=True, tenant=tenant, model=model, requests=1,
                    images=1, flagged=0, amount=amount, cost=1, updated_at=timezone.now(),
                )  # fmt: skip
        TenantMove.objects.create(tenant=other, livemode=True, day=today, today=1, week=1, week_before=1)
    activity_refresh()
    moves = "SELECT day, today, week, week_before FROM generations_tenantmove WHERE tenant_id = %s"
    assert rows("owner", moves, tenant.id) == [{"day": today, "today": 2, "week": 60, "week_before": 1400}]
    assert rows("owner", moves, other.id) == []
