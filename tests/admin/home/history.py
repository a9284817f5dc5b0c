"""A small history by hand: rows of the roll-ups at a moment of their own, which no other test's rows reach."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connections

from accounts.models import Tenant
from cavendish.above.admin.home.selectors.window import Window
from cavendish.db.router import acting_as
from generations.models import ActivityHour, ActivityLatest, ActivityMoney, ActivityTotal, PlatformGauge
from tests.generations.histograms import histogram

NOW = datetime(2031, 3, 5, 15, 42, tzinfo=UTC)
"""A Wednesday. Seven tenths of the last sixty minutes are in the hour from 15:00, the rest in the one before."""
HOUR = datetime(2031, 3, 5, 15, tzinfo=UTC)
WINDOW = Window(NOW)
MODEL = "gemini-3.1-flash-image"
SHARED = (
    "generations_activitylatest", "generations_activitylatesttotal", "generations_activitytotal",
    "generations_activityhour", "generations_activitymoney", "generations_platformgauge", "generations_tenantmove",
)  # fmt: skip


def forget() -> None:
    """Empties what knows no time, or is of this time."""
    with connections["owner"].cursor() as cursor:
        for table in SHARED:
            cursor.execute(f"DELETE FROM {table}")


def _counts(jobs: int, **changed: Any) -> dict[str, Any]:
    buckets, counts = histogram(changed.pop("seconds", [8.5] * jobs))
    return {
        "livemode": True, "model": MODEL, "image_size": "1K", "outcome": "succeeded", "error_code": "",
        "upstream_status": 0, "jobs": jobs, "pictures": jobs, "retried": 0, "duration_buckets": buckets,
        "duration_counts": counts,
    } | changed  # fmt: skip


def failed(code: str, status: int = 0) -> dict[str, Any]:
    return {"outcome": "failed", "error_code": code, "upstream_status": status, "pictures": 0, "seconds": []}


def total(hour: datetime, jobs: int, **changed: Any) -> None:
    with acting_as("operator"):
        ActivityTotal.objects.create(hour=hour, **_counts(jobs, **changed))


def of_tenant(tenant: Tenant, hour: datetime, jobs: int, **changed: Any) -> None:
    with acting_as("operator"):
        ActivityHour.objects.create(tenant=tenant, hour=hour, **_counts(jobs, **changed))


def latest(tenant: Tenant, jobs: int, *, minutes: int = 30, **changed: Any) -> None:
    """Jobs of a tenant in the last sixty minutes, of which the totals are then the sum."""
    first = NOW - timedelta(minutes=minutes)
    with acting_as("operator"):
        ActivityLatest.objects.create(tenant=tenant, first_at=first, last_at=NOW, **_counts(jobs, **changed))
    with connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM generations_activitylatesttotal")
        cursor.execute(
            """INSERT INTO generations_activitylatesttotal (livemode, model, image_size, outcome, error_code,
                   upstream_status, jobs, pictures, retried, duration_buckets, duration_counts)
               SELECT livemode, model, image_size, outcome, error_code, upstream_status, sum(jobs), sum(pictures),
                   sum(retried), coalesce(array_agg(bucket ORDER BY bucket) FILTER (WHERE bucket IS NOT NULL), '{}'),
                   coalesce(array_agg(took ORDER BY bucket) FILTER (WHERE bucket IS NOT NULL), '{}')
               FROM (SELECT l.livemode, l.model, l.image_size, l.outcome, l.error_code, l.upstream_status, b.bucket,
                         sum(b.took) AS took,
                         sum(l.jobs) FILTER (WHERE b.place IS NULL OR b.place = 1) AS jobs,
                         sum(l.pictures) FILTER (WHERE b.place IS NULL OR b.place = 1) AS pictures,
                         sum(l.retried) FILTER (WHERE b.place IS NULL OR b.place = 1) AS retried
                     FROM generations_activitylatest l LEFT JOIN LATERAL unnest(l.duration_buckets, l.duration_counts)
                         WITH ORDINALITY AS b (bucket, took, place) ON true
                     GROUP BY 1, 2, 3, 4, 5, 6, 7) s
               GROUP BY 1, 2, 3, 4, 5, 6"""
        )


def money(hour: datetime, amount: str, cost: str, currency: str = "USD") -> None:
    with acting_as("operator"):
        ActivityMoney.objects.create(
            hour=hour, livemode=True, currency=currency, jobs=1, amount=Decimal(amount), cost=Decimal(cost)
        )


def gauge(name: str, hour: datetime, last: float, peak: float | None = None) -> None:
    with acting_as("operator"):
        PlatformGauge.objects.create(name=name, hour=hour, last=last, peak=last if peak is None else peak)
