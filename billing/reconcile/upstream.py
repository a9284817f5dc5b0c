"""Our cost against the upstream's bill (`export_file.py`), per model, kind and day, in quantity and money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.money import LINE, ZERO
from billing.reconcile.export_file import ALL_MODELS, ZONE, Export, Key, Sums
from billing.reconcile.run import Snapshot


@dataclass(frozen=True)
class UpstreamDifference:
    """`differs` when either side lies further from the other than the tolerance. `model` "*" is all of them.

    `free` of the upstream's quantity cost nothing there; our cost of it is left out of the comparison.
    """

    day: date
    model: str
    kind: str
    ours: Sums
    theirs: Sums
    differs: bool
    free: Decimal = ZERO


def upstream_compare(
    snapshot: Snapshot, export: Export, *, zone: str = ZONE, tolerance: Decimal = ZERO
) -> list[UpstreamDifference]:
    """Returns every day, model and kind that a side has in the export's days.

    `tolerance` is in percent of the larger side.

    Our side is live use, by hours of UTC, from the roll-ups. Cost of answers that were thrown away stands at kind
    `request`, without a quantity.
    """
    if export.days is None:
        return []
    first, last = export.days
    local = ZoneInfo(zone)
    start = datetime(first.year, first.month, first.day, tzinfo=local)
    after = last + timedelta(days=1)
    end = datetime(after.year, after.month, after.day, tzinfo=local)
    ours: dict[Key, Sums] = {}
    sql = """
        SELECT (hour AT TIME ZONE %(zone)s)::date AS day,
               CASE WHEN kind = ANY (%(together)s) THEN %(all)s ELSE model END AS model, kind,
               CASE kind WHEN 'request' THEN 0 ELSE sum(quantity) END AS quantity, sum(cost) AS cost
        FROM billing_usagerollup
        WHERE livemode AND hour >= %(start)s AND hour < %(end)s AND billing_date >= %(first)s
        GROUP BY 1, 2, 3
        HAVING sum(cost) <> 0 OR (sum(quantity) <> 0 AND kind NOT IN ('request', 'absorbed', 'included'))
    """
    values = {
        "zone": zone,
        "together": sorted(export.together),
        "all": ALL_MODELS,
        "start": start,
        "end": end,
        "first": start.date() - timedelta(days=1),
    }
    for row in snapshot.rows(sql, values):
        ours[row["day"], row["model"], row["kind"]] = Sums(Decimal(row["quantity"]), row["cost"])
    return [
        _compared(key, ours.get(key, Sums()), export.sums.get(key, Sums()), export.free.get(key, ZERO), tolerance)
        for key in sorted({*ours, *export.sums})
    ]


def _compared(key: Key, one: Sums, other: Sums, free: Decimal, tolerance: Decimal) -> UpstreamDifference:
    paid = one.cost
    if free and one.quantity:
        paid = (one.cost * max(one.quantity - free, ZERO) / one.quantity).quantize(LINE)
    pairs = ((one.quantity, other.quantity), (paid, other.cost))
    differs = any(abs(a - b) * 100 > tolerance * max(abs(a), abs(b)) for a, b in pairs)
    return UpstreamDifference(*key, one, other, differs, free)
