"""What the upstream exports of its bill, as CSV: the Cloud console's report or cost table, the table of the export in
BigQuery, and the FOCUS export.

Only these columns are read, under any of their names, whatever sign of a currency follows. A SKU becomes a model and a
kind by `skus.csv`: regular expressions, the first that is found in its description, else in its id, without regard to
case and with blanks for underscores; "- batch" and the like may follow. `*` is all models. A SKU that none matches is
listed, never dropped; rows of other services are counted apart.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

from billing.money import ZERO

SKUS = Path(__file__).parent / "skus.csv"
ZONE = "America/Los_Angeles"
"""Where the days of the upstream's reports begin and end."""
SERVICES = ("gemini api", "generative language api", "vertex ai")
ALL_MODELS = "*"
FREE = re.compile(r"\bfree\b", re.IGNORECASE)
COLUMNS = {
    # BigQuery calls a second column of the same name so
    "sku": ("sku.description", "sku description", "sku_description", "description_1", "chargedescription", "skumeter"),
    "sku_id": ("sku.id", "sku id", "sku_id", "id_1", "skuid"),
    "service": ("service.description", "service description", "service_description", "description", "servicename"),
    "start": (
        "usage_start_time",
        "usage start date",
        "usage start time",
        "usage_start_date",
        "date",
        "chargeperiodstart",
    ),
    "amount": ("usage.amount", "usage amount", "usage_amount", "amount", "consumedquantity"),
    "unit": ("usage.unit", "usage unit", "usage_unit", "unit", "consumedunit"),
    # those that are not rounded to coins first
    "cost": ("unrounded cost", "unrounded subtotal", "billedcost", "cost", "subtotal", "list cost"),
    "currency": ("currency", "billingcurrency"),
}
NEEDED = ("sku", "start", "amount", "cost")
SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR"}
_SIGN = re.compile(r"\(([^()]*)\)$")
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
    """What the upstream billed. `unknown` SKUs have no model here, `foreign` are other services' sums, `currencies` are
    those of the amounts. `free` is how much of a sum cost nothing, `together` are the kinds that all models share.
    """

    sums: dict[Key, Sums] = field(default_factory=dict)
    free: dict[Key, Decimal] = field(default_factory=dict)
    unknown: dict[str, Sums] = field(default_factory=dict)
    foreign: dict[str, Sums] = field(default_factory=dict)
    foreign_rows: int = 0
    currencies: set[str] = field(default_factory=set)
    together: set[str] = field(default_factory=set)

    @property
    def days(self) -> tuple[date, date] | None:
        days = [day for day, _, _ in self.sums]
        return (min(days), max(days)) if days else None


def export_read(path: Path, *, zone: str = ZONE, skus: Path = SKUS, service: str = "") -> Export:
    """Returns the sums of an export, read line by line: one of a year may be large. Raises ExportUnreadable.

    With `service` rows of any other one are foreign; without, rows of services that do not sell models, as far as their
    SKU is unknown.
    """
    rules = [(re.compile(row["pattern"], re.IGNORECASE), row["model"], row["kind"]) for _, row in _rows(skus)]
    export = Export(together={kind for _, model, kind in rules if model == ALL_MODELS})
    columns: dict[str, str] | None = None
    known: dict[tuple[str, str], tuple[str, str] | None] = {}
    for number, row in _rows(path):
        if columns is None:
            columns = _columns(row)
        text = {name: (row.get(column) or "").strip() for name, column in columns.items()}
        names = text["sku"].replace("_", " "), text.get("sku_id", "")
        if not any(names):
            continue  # totals, taxes and credits below the table
        if names not in known:
            known[names] = next(((m, k) for name in names for rule, m, k in rules if rule.search(name)), None)
        target = known[names]
        quantity = _number(text["amount"], number) * _factor(text.get("unit", ""))
        cost = _number(text["cost"], number)
        if _is_foreign(text.get("service"), service, known=target is not None):
            export.foreign_rows += 1
            sums = export.foreign.setdefault(text["service"], Sums())
            quantity = ZERO  # of hours, gigabytes and everything else
        elif target is None:
            sums = export.unknown.setdefault(text["sku"] or names[1], Sums())
        else:
            key = (_day(text["start"], zone, number), *target)
            sums = export.sums.setdefault(key, Sums())
            if FREE.search(text["sku"]):
                export.free[key] = export.free.get(key, ZERO) + quantity
        export.currencies.add(text.get("currency") or _currency(columns["cost"]))
        sums.quantity += quantity
        sums.cost += cost
    if columns is None:
        raise ExportUnreadable("The file holds no rows.")
    return export


def _is_foreign(service: str | None, wanted: str, *, known: bool) -> bool:
    if not service:
        return False
    if wanted:
        return service.lower() != wanted.lower()
    return not known and service.lower() not in SERVICES


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yields the rows of a table with the number of their (last) line; lines above its header are skipped."""
    with path.open(newline="", encoding="utf-8-sig") as source:
        for above, line in enumerate(source, start=1):
            if any(word in line.lower() for word in ("sku", "pattern", "description_1")):
                reader = csv.DictReader(source, fieldnames=next(csv.reader([line])))
                for row in reader:
                    yield above + reader.line_num, row
                return
    raise ExportUnreadable('No line of the file names the columns; one of them is called "SKU description".')


def _columns(row: Mapping[str, str]) -> dict[str, str]:
    columns = {_SIGN.sub("", str(column).strip().lower()).rstrip(): str(column) for column in row if column}
    names = {name: columns[alias] for name, aliases in COLUMNS.items() for alias in aliases[::-1] if alias in columns}
    if "sku" not in names and "sku_id" in names:
        names["sku"] = names["sku_id"]
    if lacking := [COLUMNS[name][0] for name in NEEDED if name not in names]:
        raise ExportUnreadable(f"The file lacks {', '.join(lacking)}; it has {', '.join(columns)[:300]}.")
    return names


def _currency(column: str) -> str:
    sign = _SIGN.search(column)
    return SIGNS.get(sign[1], sign[1]) if sign else "USD"


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
