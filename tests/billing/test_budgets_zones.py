"""Periods are the tenant's local days, weeks and months, also where clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Tenant
from cavendish.db.router import acting_as
from tests.billing.holds import Refused, differences, end, make_budget, periods, take, use, used
from tests.factories import make_tenant
from tests.generations.helpers import rows

CREATED = datetime(2026, 1, 15, 12, tzinfo=UTC)


def bounds(period: str, zone: str, at: str) -> tuple[datetime, datetime | None]:
    (row,) = rows(
        "owner",
        "SELECT * FROM budget_period_bounds(%s, %s, %s, %s)",
        period,
        CREATED,
        zone,
        datetime.fromisoformat(at),
    )
    return row["starts_at"], row["resets_at"]


@pytest.mark.parametrize(
    ("period", "zone", "at", "starts", "resets"),
    [
        ("day", "UTC", "2026-11-25T23:59:59Z", "2026-11-25T00:00Z", "2026-11-26T00:00Z"),
        ("day", "Asia/Kathmandu", "2026-11-25T18:14:59Z", "2026-11-24T18:15Z", "2026-11-25T18:15Z"),
        ("day", "Asia/Kathmandu", "2026-11-25T18:15:00Z", "2026-11-25T18:15Z", "2026-11-26T18:15Z"),
        ("day", "Pacific/Kiritimati", "2026-11-25T10:00:00Z", "2026-11-25T10:00Z", "2026-11-26T10:00Z"),
        # 23 and 25 hours
        ("day", "Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-28T23:00Z", "2026-03-29T22:00Z"),
        ("day", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-24T22:00Z", "2026-10-25T23:00Z"),
        ("day", "Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-24T22:00Z", "2026-10-25T23:00Z"),
        # clocks that move by half an hour
        ("day", "Australia/Lord_Howe", "2026-10-03T20:00:00Z", "2026-10-03T13:30Z", "2026-10-04T13:00Z"),
        # there is no midnight on the day when the clocks go forward
        ("day", "Africa/Cairo", "2026-04-24T12:00:00Z", "2026-04-23T22:00Z", "2026-04-24T21:00Z"),
        # and there are two where they go back to it
        ("day", "America/Havana", "2026-11-01T04:30:00Z", "2026-11-01T04:00Z", "2026-11-02T05:00Z"),
        ("day", "America/Havana", "2026-11-01T05:30:00Z", "2026-11-01T04:00Z", "2026-11-02T05:00Z"),
        ("day", "America/Havana", "2026-10-31T20:00:00Z", "2026-10-31T04:00Z", "2026-11-01T04:00Z"),
        # from Monday
        ("week", "UTC", "2026-11-29T23:00:00Z", "2026-11-23T00:00Z", "2026-11-30T00:00Z"),
        ("week", "UTC", "2026-11-30T00:00:00Z", "2026-11-30T00:00Z", "2026-12-07T00:00Z"),
        ("week", "America/New_York", "2026-03-09T03:59:00Z", "2026-03-02T05:00Z", "2026-03-09T04:00Z"),
        ("month", "UTC", "2028-02-29T12:00:00Z", "2028-02-01T00:00Z", "2028-03-01T00:00Z"),
        ("month", "Asia/Kathmandu", "2026-12-31T18:15:00Z", "2026-12-31T18:15Z", "2027-01-31T18:15Z"),
        ("month", "America/New_York", "2026-11-25T12:00:00Z", "2026-11-01T04:00Z", "2026-12-01T05:00Z"),
        ("month", "Europe/Berlin", "2026-03-31T22:30:00Z", "2026-03-31T22:00Z", "2026-04-30T22:00Z"),
        ("total", "Europe/Berlin", "2026-03-31T22:30:00Z", CREATED.isoformat(), None),
    ],
)
def test_the_bounds_of_a_period(period: str, zone: str, at: str, starts: str, resets: str | None) -> None:
    expected = (datetime.fromisoformat(starts), datetime.fromisoformat(resets) if resets else None)
    assert bounds(period, zone, at) == expected


@pytest.mark.parametrize(
    "zone", ["America/Havana", "Africa/Cairo", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Beirut"]
)
def test_days_follow_each_other_without_gap_or_overlap_for_a_year(zone: str) -> None:
    at = datetime(2026, 1, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    last = at + timedelta(days=365)
    lengths = set()
    while at < last:
        starts, resets = bounds("day", zone, at.isoformat())
        assert resets is not None
        assert starts == at
        assert bounds("day", zone, (resets - timedelta(microseconds=1)).isoformat()) == (starts, resets)
        lengths.add(resets - starts)
        at = resets
    hour = timedelta(minutes=30 if "Lord" in zone else 60)
    assert lengths == {timedelta(days=1) - hour, timedelta(days=1), timedelta(days=1) + hour}


def move(tenant: Tenant, zone: str) -> None:
    """As whoever may: the trigger does what follows."""
    with acting_as("operator"):
        Tenant.objects.filter(id=tenant.id).update(billing_timezone=zone)


def test_another_time_zone_gives_no_budget_twice() -> None:
    tenant = make_tenant()
    monthly, total = make_budget(tenant, 5, period="month"), make_budget(tenant, 9, period="total")
    used(tenant, count=3)
    running = take(tenant)
    for zone in ("Asia/Kathmandu", "Pacific/Kiritimati", "America/Los_Angeles", "UTC"):
        move(tenant, zone)
        starts = periods(monthly)[-1]["starts_at"] if zone != "UTC" else periods(monthly)[0]["starts_at"]
        assert starts.astimezone(ZoneInfo(zone)).day == 1
        (now,) = (row for row in periods(monthly) if row["resets_at"] > datetime.now(UTC))
        assert (now["used"], now["held"], now["cap"]) == (3, 1, 5)
        assert now["resets_at"].astimezone(ZoneInfo(zone)).day == 1
    assert len(periods(total)) == 1
    take(tenant)
    with pytest.raises(Refused):
        take(tenant)
    end(tenant, running)
    (now,) = (row for row in periods(monthly) if row["resets_at"] > datetime.now(UTC))
    assert (now["used"], now["held"]) == (4, 1)
    assert use(total) == (1 + 3, 1)
    assert differences(tenant) == []


def test_the_day_of_another_zone_counts_its_own_jobs() -> None:
    tenant = make_tenant()
    daily = make_budget(tenant, 100, period="day")
    used(tenant)
    # as if it had been held before the local midnight of a zone that has it about now
    now = datetime.now(UTC)
    zone = next(
        name for name in (f"Etc/GMT{hours:+d}" for hours in range(-14, 13)) if now.astimezone(ZoneInfo(name)).hour == 0
    )
    rows(
        "owner",
        "UPDATE billing_hold SET created_at = created_at - interval '70 minutes' WHERE tenant_id = %s",
        tenant.id,
    )
    used(tenant, count=2)
    move(tenant, zone)
    (row,) = (row for row in periods(daily) if row["resets_at"] > datetime.now(UTC))
    assert row["used"] == 2


def test_alerts_are_not_told_again_for_another_time_zone() -> None:
    tenant = make_tenant()
    make_budget(tenant, 4, period="month", alerts=[50])
    used(tenant, count=2)
    move(tenant, "Pacific/Kiritimati")
    used(tenant)
    assert len(rows("owner", "SELECT 1 FROM billing_budgetalert WHERE tenant_id = %s", tenant.id)) == 1
