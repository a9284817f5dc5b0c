"""When a tenant's jobs come: working hours of its own zone, weekends, growth, and days that differ."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cavendish.above.demo.profiles import Profile


def arrivals(profile: Profile, *, count: int, days: int, now: datetime, rng: random.Random) -> list[datetime]:
    """Returns the moments at which so many jobs are accepted, oldest first, all before `now`."""
    zone = ZoneInfo(profile.zone)
    first = now - timedelta(days=min(days, profile.active_from))
    last = now - timedelta(days=profile.active_until)
    hours: list[datetime] = []
    weights: list[float] = []
    total = 0.0
    span = max((last - first).total_seconds(), 1)
    noise: dict[int, float] = {}
    hour = first.replace(minute=0, second=0, microsecond=0)
    while hour < last:
        local = hour.astimezone(zone)
        grown = 1 + (profile.growth - 1) * (hour - first).total_seconds() / span
        today = noise.setdefault(local.toordinal(), rng.uniform(0.86, 1.14))
        weekend = profile.weekend if local.weekday() >= 5 else 1.0
        total += max(profile.hours[local.hour] * weekend * grown * today, 0.01)
        hours.append(hour)
        weights.append(total)
        hour += timedelta(hours=1)
    if not hours:
        return []
    moments = [
        start + timedelta(seconds=rng.random() * 3600) for start in rng.choices(hours, cum_weights=weights, k=count)
    ]
    return sorted(moment for moment in moments if first <= moment < last)


def last_hour(*, count: int, now: datetime, rng: random.Random) -> list[datetime]:
    """Returns moments of the hour that has just passed."""
    return sorted(now - timedelta(seconds=40 + rng.random() * 3500) for _ in range(count))
