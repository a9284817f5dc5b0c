"""Our cost against the upstream's billing export, per model, kind and day, in quantity and money.

The export is CSV: what the Cloud console downloads, or the export's table in BigQuery saved as CSV. Only these columns
are read, under either name. A SKU becomes a model and a kind by `skus.csv`: regular expressions, the first that is
found in the description, without regard to case; "- batch" and the like may follow. A SKU that none matches is listed,
never dropped.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

from billing.money import ZERO
from billing.reconcile.run import Snapshot

SKUS = Path(__file__).parent / "skus.csv"
ZONE = "America/Los_Angeles"
"""Where the days of the upstream's reports begin and end."""
COLUMNS = {
    "sku": ("sku.description", "sku description", "sku_description"),
    "start": ("usage_start_time", "usage start date", "usage start time", "usage_start_date"),
    "amount": ("usage.amount", "usage amount", "usage_amount"),
    "unit": ("usage.unit", "usage unit", "usage_unit"),
    "cost": ("cost", "cost ($)", "unrounded cost ($)", "unrounded cost", "subtotal ($)"),
    "currency": ("currency",),
}
NEEDED = ("sku", "start", "amount", "cost")
_THOUSANDS = re.compile(r"(k|m|thousand|million|1000|1,000|1000000|1,000,000)\b", re.IGNORECASE)
_FACTORS = {"k": 1000, "thousand": 1000, "1000": 1000, "1,000": 1000}


class ExportUnreadable(ValueError):
    """A file that is no billing export; the message names the line and what is wrong."""


@dataclass
class Sums:
    quantity: Decimal = ZERO
    cost: Decimal = ZERO


Key = tuple[date, str, str]
"""(day, model, kind)"""


@dataclass
class Export:
    """What the upstream billed. `unknown` SKUs have no model here, `currencies` are those of the amounts."""

    sums: dict[Key, Sums] = field(default_factory=dict)
    unknown: dict[str, Sums] = field(default_factory=dict)
    currencies: set[str] = field(default_factory=set)

    @property
    def days(self) -> tuple[date, date] | None:
        days = [day for day, _, _ in self.sums]
        return (min(days), max(days)) if days else None


@dataclass(frozen=True)
class UpstreamDifference:
    """`differs` when either side lies further from the other than the tolerance."""

    day: date
    model: str
    kind: str
    ours: Sums
    theirs: Sums
    differs: bool


def export_read(path: Path, *, zone: str = ZONE, skus: Path = SKUS) -> Export:
    """Returns the sums of an export, read line by line: one of a year may be large. Raises ExportUnreadable."""
    rules = [(re.compile(row["pattern"], re.IGNORECASE), row["model"], row["kind"]) for _, row in _rows(skus)]
    export = Export()
    names: dict[str, str] | None = None
    known: dict[str, tuple[str, str] | None] = {}
    for number, row in _rows(path):
        if names is None:
            names = _columns(row)
        text = {name: (row.get(column) or "").strip() for name, column in names.items()}
        if not text["sku"]:
            continue  # totals, taxes and credits below the table
        if text["sku"] not in known:
            known[text["sku"]] = next(((m, k) for rule, m, k in rules if rule.search(text["sku"])), None)
        target = known[text["sku"]]
        quantity = _number(text["amount"], number) * _factor(text.get("unit", ""))
        cost = _number(text["cost"], number)
        export.currencies.add(text.get("currency") or "USD")
        if target is None:
            sums = export.unknown.setdefault(text["sku"], Sums())
        else:
            sums = export.sums.setdefault((_day(text["start"], zone, number), *target), Sums())
        sums.quantity += quantity
        sums.cost += cost
    if names is None:
        raise ExportUnreadable("The file holds no rows.")
    return export


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
        SELECT (hour AT TIME ZONE %(zone)s)::date AS day, model, kind,
               CASE kind WHEN 'request' THEN 0 ELSE sum(quantity) END AS quantity, sum(cost) AS cost
        FROM billing_usagerollup
        WHERE livemode AND hour >= %(start)s AND hour < %(end)s AND billing_date >= %(first)s
        GROUP BY 1, 2, 3
        HAVING sum(cost) <> 0 OR (sum(quantity) <> 0 AND kind NOT IN ('request', 'absorbed', 'included'))
    """
    values = {"zone": zone, "start": start, "end": end, "first": start.date() - timedelta(days=1)}
    for row in snapshot.rows(sql, values):
        ours[row["day"], row["model"], row["kind"]] = Sums(Decimal(row["quantity"]), row["cost"])
    return [
        UpstreamDifference(*key, one, other, _differs(one, other, tolerance))
        for key in sorted({*ours, *export.sums})
        for one, other in [(ours.get(key, Sums()), export.sums.get(key, Sums()))]
    ]


def _differs(one: Sums, other: Sums, tolerance: Decimal) -> bool:
    pairs = ((one.quantity, other.quantity), (one.cost, other.cost))
    return any(abs(a - b) * 100 > tolerance * max(abs(a), abs(b)) for a, b in pairs)


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yields the rows of a table with the number of their (last) line; lines above its header are skipped."""
    with path.open(newline="", encoding="utf-8-sig") as source:
        for above, line in enumerate(source, start=1):
            if "sku" in line.lower() or "pattern" in line.lower():
                reader = csv.DictReader(source, fieldnames=next(csv.reader([line])))
                for row in reader:
                    yield above + reader.line_num, row
                return
    raise ExportUnreadable('No line of the file names the columns; one of them is called "SKU description".')


def _columns(row: Mapping[str, str]) -> dict[str, str]:
    columns = {str(column).strip().lower(): str(column) for column in row if column}
    names = {name: columns[alias] for name, aliases in COLUMNS.items() for alias in aliases[::-1] if alias in columns}
    if lacking := [COLUMNS[name][0] for name in NEEDED if name not in names]:
        raise ExportUnreadable(f"The file lacks {', '.join(lacking)}; it has {', '.join(columns)[:300]}.")
    return names


def _number(text: str, line: int) -> Decimal:
    try:
        number = Decimal(text.replace(",", "") or "0")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ExportUnreadable(f"Line {line}: {text[:40]!r} is no number.")
    return number


def _factor(unit: str) -> int:
    """Returns what a unit multiplies by: 1000 for "1,000 count" and the like, 1 for "count" and "tokens"."""
    match = _THOUSANDS.match(unit.strip())
    return _FACTORS.get(match[1].lower(), 1_000_000) if match else 1


def _day(text: str, zone: str, line: int) -> date:
    """Returns a date as it stands, or the day of an instant in the reports' time zone."""
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        raise ExportUnreadable(f"Line {line}: {text[:40]!r} is no date and no time.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(ZoneInfo(zone)).date()
