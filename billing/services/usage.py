from __future__ import annotations

from django.db import connections


def usage_partitions_make(*, months: int = 13) -> int:
    """Makes the usage partitions of this month and the coming year that are missing; hourly, by the scheduler."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT usage_partitions_make(current_date, %s)", [months])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def usage_platform_refresh() -> int:
    """Brings the operator's days up to the roll-ups; every minute, by the scheduler. Answers how many changed."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT usage_platform_refresh()")
        row = cursor.fetchone()
    return int(row[0] or 0) if row else 0
