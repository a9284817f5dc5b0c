"""The chart of a month: what each day brought, by the groups of the report, and what the days to come will bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing.forecasts.selectors import MonthForecast
from billing.money import ZERO
from cavendish.above.console.usage.report import Report
from cavendish.above.ui.charts import Bar, bars, room_for_names
from cavendish.above.ui.formats import count, day, money
from cavendish.above.ui.marks import named

FIFTH = {1, 5, 10, 15, 20, 25, 30}


@dataclass(frozen=True)
class Chart:
    """`has_names`: its parts are named within it; else their key stands above."""

    svg: SafeString
    has_names: bool


def month_chart(report: Report, forecast: MonthForecast | None) -> Chart:
    """Returns the bars of a month; of the one that runs with today hatched and the forecast dashed."""
    asked, month = report.asked, report.asked.month
    series = report.series
    more: Mapping[date, Decimal] = {row.day: row.more for row in forecast.days} if forecast else {}
    rows = [(on, [report.of_day(on, values) for _kind, _name, values in series]) for on in month.days]
    sizes = {on: tuple(Decimal(getattr(sums, asked.measure)) for sums in parts) for on, parts in rows}
    whole = {on: sum(parts, ZERO) for on, parts in sizes.items()}
    highest = max((on for on in month.days if on != month.today), key=lambda on: whole[on], default=None)
    drawn = []
    for on in month.days:
        now = month.is_running and on == month.today
        mark = ""
        if now and whole[on]:
            mark = _("%s now") % _text(whole[on], asked.measure)
        elif on == highest and whole[on] and not (month.is_running and 0 < (month.today - on).days < 3):
            mark = _text(whole[on], asked.measure)
        elif on == month.last and more.get(on) and (on - month.today).days > 2:
            mark = _("expected")
        near = month.is_running and abs((on - month.today).days) < 3
        drawn.append(
            Bar(
                label=_("today") if now else str(on.day),
                title=_title(report, on, sizes[on], more.get(on, ZERO)),
                parts=sizes[on] or (ZERO,),
                now=now,
                pace=more.get(on, ZERO),
                mark=mark,
                minor=not now and (on.day not in FIFTH or near),
            )
        )
    names = [name for _kind, name, _values in series]
    beside = room_for_names(drawn, names) if names else None
    kinds = [kind for kind, _name, _values in series] or ["off"]
    most = max((bar.height for bar in drawn), default=0)
    svg = bars(
        drawn, kinds=kinds, axis=lambda value: _axis(value, most, asked.measure), centred=True, names=names,
        beside=beside,
    )  # fmt: skip
    return Chart(svg, beside is not None)


def _title(report: Report, on: date, sizes: tuple[Decimal, ...], more: Decimal) -> str:
    """Returns what the pointer shows: the day's sum, then each part that is not nothing."""
    measure = report.asked.measure
    lines = [named(day(on), _text(sum(sizes, ZERO), measure))]
    lines += [
        named(name, _text(size, measure))
        for (_kind, name, _values), size in zip(report.series, sizes, strict=True)
        if size
    ]
    if more:
        lines.append(_("%s more expected") % _text(more, measure))
    return "\n".join(lines)


def _text(value: Decimal, measure: str) -> str:
    return money(value) if measure == "amount" else count(round(value))


def _axis(value: float, most: float, measure: str) -> str:
    if measure != "amount":
        return count(round(value)) if value == round(value) else ""
    return money(Decimal(str(value)), digits=0 if most >= 3 else 2 if most >= 0.05 else 4)
