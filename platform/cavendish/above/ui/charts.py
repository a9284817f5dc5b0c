"""Charts as SVG from the server: percentages across and pixels up, so that text keeps its size at any width.

They need no script and no style attribute, which the Content-Security-Policy refuses. Every chart stands beside a table
of its numbers; screen readers read that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

Number = Decimal | float | int

WHOLE = 100
"""Where a day comes to so much, the labels of bars leave the coins out."""
TODAY_DAYS = 8
"""Days that the label of today, with its amount, is as wide as on a phone."""
SPARK = 32
"""Height of a spark line, in pixels."""
PLOT, TOP, FOOT = 208, 20, 22
"""Height of a chart, room above its highest line, room below its base."""
NAME_LINE, NAME_CHAR, NAME_STEP = 15, 6.6, 37
"""Pixels between names beside a bar, of one letter, and of a day where a month fills a wide window."""

HATCHES = mark_safe(
    '<svg class="hatches" width="0" height="0" aria-hidden="true"><defs>'
    + "".join(
        f'<pattern id="hatch-{number}" width="5" height="5" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><rect class="hatch-ground" width="5" height="5"/>'
        f'<rect class="hatch-{number}" width="2.5" height="5"/></pattern>'
        for number in (1, 2, 3)
    )
    + "</defs></svg>"
)
"""Fills of what is not finished yet. It stands once in a page."""


@dataclass(frozen=True)
class Bar:
    """A day: `parts` stand upon each other from below. `now` is hatched, `pace` is what this pace would bring more.

    The label of a `minor` one is left out on phones.
    """

    label: str
    title: str
    parts: tuple[Number, ...]
    now: bool = False
    pace: Number = 0
    mark: str = ""
    minor: bool = False

    @property
    def height(self) -> float:
        return float(sum(map(float, self.parts))) + float(self.pace)


def spark(values: Sequence[Number], *, kind: str = "off", now: bool = True, bad: Collection[int] = ()) -> SafeString:
    """Returns a spark line of bars on a zero base: `kind` is off, 1 or 2; `now` hatches the last, `bad` are red."""
    most = max((float(value) for value in values), default=0) or 1
    step = 100 / max(len(values), 1)
    bars = format_html_join(
        "",
        '<rect class="{}" x="{}%" width="{}%" y="{}" height="{}"/>',
        (
            (
                "bar-bad" if index in bad else f"bar-{kind} now" if now and index == len(values) - 1 else f"bar-{kind}",
                f"{index * step:.2f}", f"{step * 0.72:.2f}", f"{SPARK - _height(value, most, SPARK):.1f}",
                f"{_height(value, most, SPARK):.1f}",
            )
            for index, value in enumerate(values)
        ),
    )  # fmt: skip
    base = mark_safe('<line class="base" x1="0" x2="100%" y1="31.5" y2="31.5"/>')
    return format_html('<svg class="spark" height="{}" aria-hidden="true">{}{}</svg>', SPARK, bars, base)


def meter(parts: Sequence[tuple[str, Number]]) -> SafeString:
    """Returns a bar of shares of one from the left: `parts` are (1, 2, bad, good or off; share). It ends at one."""
    at, bars = 0.0, []
    for kind, share in parts:
        width = min(max(float(share), 0.0), 1.0 - at)
        bars.append((kind, f"{at * 100:.2f}", f"{width * 100:.2f}"))
        at += width
    drawn = format_html_join("", '<rect class="bar-{}" x="{}%" width="{}%" y=".5" height="9"/>', bars)
    ground = mark_safe('<rect class="meter-ground" width="100%" height="10" rx="2"/>')
    return format_html('<svg class="meter" aria-hidden="true">{}{}</svg>', ground, drawn)


def bars(
    days: Sequence[Bar],
    *,
    kinds: Sequence[str],
    axis: Callable[[float], str],
    centred: bool = False,
    names: Sequence[str] = (),
    beside: int | None = None,
) -> SafeString:
    """Returns bars of days with three lines, labels below and at most one number above (`mark`).

    `kinds` are the classes of the parts from below; `axis` writes the numbers of the lines. The first and the last
    label keep to the edges unless all are `centred`. `names` of the parts stand right of the bar `beside` (see
    `room_for_names`).
    """
    top = _top_of(days)
    base, room = PLOT - FOOT, PLOT - FOOT - TOP
    lines = [(line * top / 3, base - room * line / 3) for line in range(4)]
    left = format_html_join(
        "", '<text text-anchor="end" x="100%" y="{}">{}</text>', ((f"{y + 4:.1f}", axis(value)) for value, y in lines)
    )
    grid = format_html_join(
        "",
        '<line class="{}" x1="0" x2="100%" y1="{}" y2="{}"/>',
        (("grid" if value else "base", f"{y:.1f}", f"{y:.1f}") for value, y in lines),
    )
    step = 100 / max(len(days), 1)
    drawn: list[SafeString] = []
    for index, day in enumerate(days):
        y, parts = float(base), []
        for kind, value in zip(kinds, day.parts, strict=True):
            height = _height(value, top, room)
            y -= height
            if height:
                parts.append((f"bar-{kind} now" if day.now else f"bar-{kind}", f"{y:.1f}", f"{height:.1f}"))
        if pace := _height(day.pace, top, room):
            parts.append(("bar-pace", f"{y - pace:.1f}", f"{pace:.1f}"))
        x, width = f"{index * step + step * 0.12:.2f}", f"{step * 0.76:.2f}"
        rects = format_html_join(
            "", '<rect class="{}" y="{}" height="{}" x="{}%" width="{}%"/>', ((*part, x, width) for part in parts)
        )
        texts: list[SafeString] = []
        centre = f"{(index + 0.5) * step:.2f}"
        if day.label:
            first, last = (index == 0 and not centred), (index == len(days) - 1 and not centred)
            anchor = "start" if first else "end" if last else "middle"
            at = "0" if first else "100" if last else centre
            style = "strong" if day.now else "minor" if day.minor else ""
            texts.append(
                format_html(
                    '<text class="{}" text-anchor="{}" x="{}%" y="{}">{}</text>', style, anchor, at, PLOT - 4, day.label
                )
            )
        if day.mark:
            # Of a month on a phone the last two bars have no room to their right.
            anchor = "end" if index >= len(days) - (2 if len(days) > 20 else 1) else "middle"
            at = f"{(index + 0.88) * step:.2f}" if anchor == "end" else centre
            texts.append(
                format_html(
                    '<text class="strong" text-anchor="{}" x="{}%" y="{}">{}</text>',
                    anchor,
                    at,
                    f"{y - pace - 6:.1f}",
                    day.mark,
                )
            )
        drawn.append(format_html("<g><title>{}</title>{}{}</g>", day.title, rects, join(texts)))
    if beside is not None:
        x = f"{(beside + 0.94) * step:.2f}"
        labels = ((x, f"{y:.1f}", name) for name, y in _names_at(days[beside], names, top))
        drawn.append(format_html_join("", '<text class="name" x="{}%" y="{}">{}</text>', labels))
    return format_html(
        '<div class="plot" aria-hidden="true"><svg class="axis" height="{}">{}</svg><svg height="{}">{}{}</svg></div>',
        PLOT, left, PLOT, grid, join(drawn),
    )  # fmt: skip


def room_for_names(days: Sequence[Bar], names: Sequence[str]) -> int | None:
    """Returns the bar whose right side has room for the names of its parts, each beside its part; None without one.

    The bars to its right must end below the lowest name, as those of a weekend do; of several the highest is taken.
    """
    top = _top_of(days)
    width = math.ceil(max(map(len, names), default=0) * NAME_CHAR / NAME_STEP - 0.24)
    best: int | None = None
    for index, day in enumerate(days[: len(days) - width]):
        if day.now or not all(day.parts[place] for place in range(len(names))):
            continue
        lowest = max(y for _name, y in _names_at(day, names, top))
        beyond = days[index + 1 : index + 1 + width]
        is_free = all(_y_of(other, top) > lowest + 2 and not other.mark for other in beyond)
        if is_free and (best is None or day.height > days[best].height):
            best = index
    return best


def _names_at(day: Bar, names: Sequence[str], top: float) -> list[tuple[str, float]]:
    """Returns the names of the parts from below with the base lines of their texts, a line apart at least."""
    base, room, y, below = PLOT - FOOT, PLOT - FOOT - TOP, float(PLOT - FOOT), float(PLOT)
    found = []
    for name, value in zip(names, day.parts, strict=False):
        height = _height(value, top, room)
        at = min(y - height / 2 + 4, below - NAME_LINE, base - 4.0)
        found.append((name, at))
        y, below = y - height, at
    return found


def _top_of(days: Sequence[Bar]) -> float:
    return _round_up(max((day.height for day in days), default=0)) or 1.0


def _y_of(day: Bar, top: float) -> float:
    """Returns where a bar ends, from above, its dashed part with it."""
    return PLOT - FOOT - day.height / top * (PLOT - FOOT - TOP)


def join(parts: Sequence[SafeString]) -> SafeString:
    """Returns the parts one after the other."""
    return format_html_join("", "{}", ((part,) for part in parts))


def _height(value: Number, most: float, room: float) -> float:
    """Returns pixels; one at least for what is not nothing, so that it can be seen."""
    return max(float(value) / most * room, 1.0) if value and value > 0 else 0.0


def _round_up(most: float) -> float:
    """Returns the next number that divides by three into round steps: 3, 6, 7.5, 15, 30 and their tens."""
    if most <= 0:
        return 0.0
    scale = 1e-9
    while True:
        for step in (1.5, 3.0, 6.0, 7.5, 12.0):
            if step * scale >= most:
                return step * scale
        scale *= 10
