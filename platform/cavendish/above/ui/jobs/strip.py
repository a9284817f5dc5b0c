"""Where a job's seconds went: as a bar, and in a line of words."""

from __future__ import annotations

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cavendish.above.ui.charts import join
from cavendish.above.ui.formats import seconds
from cavendish.above.ui.marks import facts
from generations.jobs.timeline import Segment, SegmentKind, Timeline
from generations.models import Status

COLOURS = {
    SegmentKind.QUEUED: "off",
    SegmentKind.PREPARED: "off",
    SegmentKind.PAUSE: "off now",
    SegmentKind.KEPT: "2",
}

LETTER, LETTER_ON_PHONE = 1.0, 2.2
"""Percent of the bar that a letter above it takes, where it is narrow. Names that would touch are left out."""


def ordinal(number: int) -> str:
    """Returns "first", "second", … and "7th" from then on."""
    words = [_("first"), _("second"), _("third"), _("fourth"), _("fifth"), _("sixth")]
    return words[number - 1] if number <= len(words) else _("%sth") % number


def where_time_went(job: Timeline, *, to_tenants: bool = False) -> str:
    """Returns the strip in words: "queued 0.3 s · upstream 20.3 s in 2 tries · kept and charged 0.2 s".

    `to_tenants` says it without the upstream.
    """
    sums: dict[SegmentKind, float] = {}
    running = _running(job)
    for segment in job.segments:
        if segment is not running:
            sums[segment.kind] = sums.get(segment.kind, 0) + segment.seconds
    parts = []
    if queued := sums.get(SegmentKind.QUEUED, 0) + sums.get(SegmentKind.PREPARED, 0):
        parts.append(_("queued %s") % seconds(queued))
    if called := sums.get(SegmentKind.CALL):
        tries = sum(segment.kind is SegmentKind.CALL for segment in job.segments)
        if to_tenants:
            text = ngettext("generating %(time)s", "generating %(time)s in %(tries)s tries", tries)
        else:
            text = ngettext("upstream %(time)s", "upstream %(time)s in %(tries)s tries", tries)
        parts.append(text % {"time": seconds(called), "tries": tries})
    if pause := sums.get(SegmentKind.PAUSE):
        parts.append(_("pause %s") % seconds(pause))
    if kept := sums.get(SegmentKind.KEPT):
        parts.append(_("kept and charged %s") % seconds(kept))
    if running is not None:
        parts.append(_("running %s") % seconds(running.seconds))
    return " · ".join(parts)


def strip(job: Timeline) -> SafeString:
    """Returns where a job's seconds went, as one bar with its calls named above."""
    rects, texts = [], []
    at, running = 0.0, _running(job)
    named, named_on_phone = 0.0, 0.0
    for segment in job.segments:
        width = segment.share * 100
        colour = "1" if segment is running else _colour(segment)
        rects.append((colour, f"{at:.2f}", f"{max(width, 0.15):.2f}"))
        if segment.call is not None and width > 6:
            status = segment.call.status or _("no answer")
            label = facts(status, seconds(segment.seconds))
            anchor, x = ("end", at + width) if at > 70 else ("start", at)
            room, room_on_phone = len(label) * LETTER, len(label) * LETTER_ON_PHONE
            back = anchor == "end"
            if x - back * room >= named:
                kind = "strong" if x - back * room_on_phone >= named_on_phone else "strong wideonly"
                texts.append(
                    format_html(
                        '<text class="{}" text-anchor="{}" x="{}%" y="14">{}</text>', kind, anchor, f"{x:.2f}", label
                    )
                )
                named = x + (not back) * room
                if kind == "strong":
                    named_on_phone = x + (not back) * room_on_phone
        elif segment.kind is SegmentKind.PAUSE and width > 14 and 12 < at + width / 2 < 88:
            pause = _("pause %s") % seconds(segment.seconds)
            texts.append(
                format_html('<text text-anchor="middle" x="{}%" y="54">{}</text>', f"{at + width / 2:.2f}", pause)
            )
        at += width
    bars = format_html_join("", '<rect class="bar-{}" x="{}%" width="{}%" y="22" height="16"/>', rects)
    ends = format_html(
        '<text x="0" y="54">{}</text><text text-anchor="end" x="100%" y="54">{}</text>',
        seconds(0),
        seconds(job.seconds),
    )
    return format_html('<svg height="58" aria-hidden="true">{}{}{}</svg>', bars, join(texts), ends)


def _running(job: Timeline) -> Segment | None:
    """Returns the part that goes on, of a job that runs: its call is noted at its end only."""
    return job.segments[-1] if job.status == Status.RUNNING and job.segments else None


def _colour(segment: Segment) -> str:
    if segment.call is not None:
        return "good" if segment.call.is_good else "bad"
    return COLOURS[segment.kind]
