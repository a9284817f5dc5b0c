"""Reads of days out of their pattern, and what the roll-ups say of the day that runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum

from accounts.models import ApiKey, Tenant
from billing.anomalies.pattern import HISTORY_DAYS, Pattern, pattern_of
from billing.currencies import is_currency, minor_units
from billing.forecasts.selectors import today_of
from billing.models import PlatformDay, UsageAnomaly, UsageRollup
from billing.money import ZERO


@dataclass(frozen=True)
class OutOfPattern:
    """`api_key_id` is None for the tenant as a whole."""

    api_key_id: UUID | None
    used: Decimal
    pattern: Pattern


def minimum_of(currency: str, minimum: Decimal) -> Decimal:
    """Returns ANOMALY_MINIMUM in a currency: a hundred times as much where its coins are, as yen, a hundredth."""
    digits = minor_units(currency) if is_currency(currency) else 2
    return minimum * 100 if digits == 0 else minimum


def tenants_to_look_at(now: datetime, *, least: Decimal) -> list[UUID]:
    """Returns the tenants of which a day that runs somewhere has come to `least` already. As the operator."""
    around = [now.date() + timedelta(days=days) for days in (-1, 0, 1)]
    rows = PlatformDay.objects.filter(billing_date__in=around, livemode=True).values("tenant_id", "billing_date")
    over = rows.annotate(total=Sum("amount")).filter(total__gte=least)
    return sorted({row["tenant_id"] for row in over})


def out_of_pattern(tenant: Tenant, *, day: date, minimum: Decimal) -> list[OutOfPattern]:
    """Returns what of a tenant is out of its pattern on `day`: itself first, then keys. One query of roll-ups."""
    rows = UsageRollup.objects.filter(
        tenant_id=tenant.id, livemode=True, billing_date__range=(day - timedelta(days=HISTORY_DAYS), day)
    )
    sums: dict[UUID | None, dict[date, Decimal]] = {None: {}}
    for key, on, amount in rows.values_list("api_key_id", "billing_date").annotate(total=Sum("amount")):
        for subject in (None, key):
            days = sums.setdefault(subject, {})
            days[on] = days.get(on, ZERO) + amount
    found = []
    for subject, used in sums.items():
        pattern = pattern_of(used, day=day, minimum=minimum)
        if pattern is not None and used.get(day, ZERO) > pattern.limit:
            found.append(OutOfPattern(subject, used[day], pattern))
    return found


@dataclass(frozen=True)
class Unusual:
    """A row with the name of its key; empty where it is the tenant as a whole."""

    row: UsageAnomaly
    key_name: str


def anomalies_of(tenant: Tenant, *, now: datetime | None = None) -> list[Unusual]:
    """Returns what is out of its pattern on the tenant's day that runs: itself first, then keys."""
    rows = list(UsageAnomaly.objects.filter(tenant_id=tenant.id, billing_date=today_of(tenant, now=now)))
    keys = [row.api_key_id for row in rows if row.api_key_id]
    names: dict[UUID | None, str] = dict(ApiKey.objects.filter(id__in=keys).values_list("id", "name")) if keys else {}
    found = [Unusual(row, names.get(row.api_key_id, "")) for row in rows]
    return sorted(found, key=lambda one: (one.row.api_key_id is not None, one.row.id))


def tenants_out_of_pattern(now: datetime) -> set[UUID]:
    """Returns the tenants that are out of their pattern today or were yesterday. As the operator."""
    since = now.date() - timedelta(days=1)
    return set(UsageAnomaly.objects.filter(billing_date__gte=since).values_list("tenant_id", flat=True))
