"""Months: those of a tenant's time zone, by which plans, included pictures and invoices run, and of the calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connections
from django.utils import timezone

from cavendish.db.router import current_alias


@dataclass(frozen=True)
class Month:
    """The month of a tenant's time zone that contains a moment, and its first day there."""

    first: date
    starts_at: datetime
    ends_at: datetime


def month_of(*, tenant_id: UUID, at: datetime | None = None) -> Month:
    """Returns the tenant's month now, or at a moment."""
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(
            """SELECT (b.starts_at AT TIME ZONE t.billing_timezone)::date, b.starts_at, b.resets_at
               FROM accounts_tenant t, budget_period_bounds('month', t.created_at, t.billing_timezone, %s) b
               WHERE t.id = %s""",
            [at or timezone.now(), tenant_id],
        )
        row = cursor.fetchone()
    assert row is not None
    return Month(*row)


def month_first(day: date) -> date:
    """Returns the first day of the month of `day`."""
    return day.replace(day=1)


def month_last(day: date) -> date:
    """Returns the last day of the month of `day`."""
    return month_after(day) - timedelta(days=1)


def month_after(day: date) -> date:
    """Returns the first day of the next month."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
