"""A month of usage by what it is grouped by, and by day: the figures of `/api/v1/usage`, with names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import ApiKey, User
from billing.forecasts.pace import HISTORY_DAYS
from billing.money import ZERO
from billing.usage.query import METADATA, UsageQuery
from billing.usage.selectors import Sums, usage_read, usage_tags
from cavendish.above.console.usage.months import ShownMonth, month_asked
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.cells import model_name
from cavendish.db import ids

MOST_ROWS = 100_000
MOST_SERIES = 4
MOST_GROUPS = 100
"""Rows of the table; the rest is summed up as one."""
BY: dict[str, str | Promise] = {
    "model": gettext_lazy("Model"),
    "key": gettext_lazy("Key"),
    "member": gettext_lazy("Member"),
    "tag": gettext_lazy("Tag"),
    "size": gettext_lazy("Size"),
}
"""What usage can be grouped by, as addresses and people say it."""
MEASURES: dict[str, str | Promise] = {
    "amount": gettext_lazy("Spend"),
    "images": gettext_lazy("Pictures"),
    "tokens": gettext_lazy("Tokens"),
}
"""What the chart can show."""
Value = UUID | str | None


@dataclass(frozen=True)
class Asked:
    """What the address asks for. `tag` is the metadata key, empty where none is chosen or usage is by another thing."""

    month: ShownMonth
    livemode: bool
    by: str = "model"
    measure: str = "amount"
    tags: tuple[str, ...] = ()
    tag: str = ""

    @property
    def dimension(self) -> str:
        return METADATA if self.by == "tag" else self.by

    @property
    def by_name(self) -> str:
        return self.tag if self.by == "tag" and self.tag else str(BY[self.by])


@dataclass(frozen=True)
class Group:
    """A row of the table: a model, a key, a member, a value of a tag, a size. `value` is None for what has none.

    `series` is the class of its part of the bars: those of the first four, "off" for all others.
    """

    value: Value
    public_id: str
    name: str
    sums: Sums
    share: Decimal
    series: str
    is_rest: bool = False


@dataclass(frozen=True)
class Report:
    """`groups` are all, the greatest first; `total` is of the whole month, and what their sums come to.

    `by_day` has the sums of days, those before the month among them that its forecast goes by.
    """

    asked: Asked
    total: Sums
    groups: list[Group]
    days: dict[date, dict[Value, Sums]]
    by_day: dict[date, Sums]

    def measured(self, measure: str) -> dict[date, Decimal]:
        """Returns what each day brought of a measure, as `forecast_of_days` takes it."""
        return {day: Decimal(getattr(sums, measure)) for day, sums in self.by_day.items()}

    @property
    def shown(self) -> list[Group]:
        """Returns the groups of the table: MOST_GROUPS of them, and what the rest sums up to."""
        if len(self.groups) <= MOST_GROUPS:
            return self.groups
        rest = self.groups[MOST_GROUPS:]
        share = sum((group.share for group in rest), ZERO)
        name = _("%s others") % len(rest)
        return [*self.groups[:MOST_GROUPS], Group(None, "", name, added(row.sums for row in rest), share, "off", True)]

    @cached_property
    def series(self) -> list[tuple[str, str, list[Value]]]:
        """Returns the parts of the bars from below: class, name, the values that it sums; at most four."""
        own = [(group.series, group.name, [group.value]) for group in self.groups if group.series != "off"]
        rest = [group.value for group in self.groups if group.series == "off"]
        return [*own, ("off", _("Other"), rest)] if rest else own

    def of_day(self, day: date, values: Iterable[Value]) -> Sums:
        found = self.days.get(day, {})
        return added(found[value] for value in values if value in found)


def report_of(request: HttpRequest, work: Workplace) -> Report:
    """Returns the report that the address asks for. In the tenant's context."""
    return _report_read(asked_of(request, work), work.tenant_id)


def asked_of(request: HttpRequest, work: Workplace) -> Asked:
    """Returns what the address asks for; what it does not know is as if it were not there."""
    by = request.GET.get("by", "model")
    measure = request.GET.get("show", "amount")
    tags = tuple(usage_tags(work.tenant_id))
    tag = request.GET.get("tag", "")
    return Asked(
        month=month_asked(request, work.tenant),
        livemode=work.livemode,
        by=by if by in BY else "model",
        # Test usage is free: its pictures are what there is to see.
        measure="images" if not work.livemode and measure == "amount" else measure if measure in MEASURES else "amount",
        tags=tags,
        tag=tag if tag in tags else tags[0] if tags else "",
    )


def _report_read(asked: Asked, tenant_id: UUID) -> Report:
    """Returns the report, in one query and one for names: all sums are made of the days of each group, which are exact.

    Of the month that runs the days are read that its forecast goes by, too.
    """
    month = asked.month
    start = min(month.first, month.today - timedelta(days=HISTORY_DAYS)) if month.is_running else month.first
    is_grouped = asked.by != "tag" or bool(asked.tag)
    query = UsageQuery(
        start=start,
        end=month.end,
        livemode=asked.livemode,
        tenant_id=tenant_id,
        group_by=("day", asked.dimension) if is_grouped else ("day",),
        tag=asked.tag if asked.by == "tag" and is_grouped else None,
    )
    days: dict[date, dict[Value, Sums]] = {}
    for row in usage_read(query, limit=MOST_ROWS).rows:
        day = row.group["day"]
        assert isinstance(day, date)
        days.setdefault(day, {})[_value(row.group[asked.dimension]) if is_grouped else None] = row.sums
    by_day = {day: added(parts.values()) for day, parts in days.items()}
    of_month = {day: parts for day, parts in days.items() if day >= month.first}
    total = added(sums for day, sums in by_day.items() if day >= month.first)
    groups: list[Group] = []
    if is_grouped:
        parts: dict[Value, list[Sums]] = {}
        for found in of_month.values():
            for value, sums in found.items():
                parts.setdefault(value, []).append(sums)
        sums_of = {value: added(each) for value, each in parts.items()}
        groups = _groups(asked, sums_of, total, names_of(asked, sums_of))
    return Report(asked, total, groups, of_month, by_day)


def _groups(asked: Asked, sums: Mapping[Value, Sums], total: Sums, names: Mapping[Value, str]) -> list[Group]:
    def size(value: Value) -> Decimal:
        return Decimal(getattr(sums[value], asked.measure))

    ordered = sorted(sums, key=lambda value: (size(value), sums[value].tokens, names[value]), reverse=True)
    whole = Decimal(getattr(total, asked.measure))
    drawn = MOST_SERIES if len(ordered) <= MOST_SERIES else MOST_SERIES - 1
    return [
        Group(
            value=value,
            public_id=public_id_of(asked, value),
            name=names[value],
            sums=sums[value],
            share=size(value) / whole if whole else ZERO,
            series=SERIES[place] if place < drawn else "off",
        )
        for place, value in enumerate(ordered)
    ]


SERIES = ("1", "s2", "s3", "s4")
"""Classes of the parts of bars, the greatest first."""


def names_of(asked: Asked, values: Iterable[Value]) -> dict[Value, str]:
    """Returns what the values are called; one query for keys and members."""
    known = list(values)
    match asked.by:
        case "key":
            rows = ApiKey.objects.filter(id__in=[value for value in known if value]).values_list("id", "name", "prefix")
            found: dict[Value, str] = {key_id: name or prefix for key_id, name, prefix in rows}
        case "member":
            people = User.objects.filter(id__in=[value for value in known if value])
            found = {person.id: person.name or person.email for person in people}
        case "model":
            found = {value: model_name(str(value)) for value in known}
        case _:
            found = {value: str(value) for value in known if value}
    return {value: found.get(value) or _nameless(asked, value) for value in known}


def _nameless(asked: Asked, value: Value) -> str:
    if value is not None:
        return public_id_of(asked, value)
    match asked.by:
        case "member":
            return _("Keys without a member")
        case "tag":
            return _("Without %s") % asked.tag
        case _:
            return _("No picture")


def added(parts: Iterable[Sums]) -> Sums:
    """Returns the sum of sums in one currency."""
    found = list(parts)
    return Sums(
        found[0].currency if found else "",
        tokens=sum(part.tokens for part in found),
        search_queries=sum(part.search_queries for part in found),
        images=sum(part.images for part in found),
        requests=sum(part.requests for part in found),
        amount=sum((part.amount for part in found), ZERO),
    )


def _value(value: Any) -> Value:
    return value or None


def public_id_of(asked: Asked, value: Value) -> str:
    """Returns a group's value as the API writes it: "key_…", "usr_…", a model, a size, a tag's value."""
    if isinstance(value, UUID):
        return ids.encode(ids.API_KEY if asked.by == "key" else ids.USER, value)
    return value or ""
