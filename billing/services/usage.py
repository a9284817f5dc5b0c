from __future__ import annotations

from django.db import connections


def usage_partitions_make(*, months: int = 3) -> int:
    """Makes the usage partitions of the coming months; daily, by the scheduler."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT usage_partitions_make(current_date, %s)", [months])
        row = cursor.fetchone()
    return int(row[0]) if row else 0
