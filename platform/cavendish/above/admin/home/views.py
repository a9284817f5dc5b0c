"""The front page, and what of it stands in every page's bar."""

from __future__ import annotations

import time
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from cavendish.above.admin.home import lines
from cavendish.above.admin.home.cards import cards
from cavendish.above.admin.home.charts import money_chart
from cavendish.above.admin.home.selectors import FrontPage, front_page
from cavendish.above.admin.pages import operator_page
from cavendish.above.ui.marks import named
from cavendish.above.ui.spreadsheet import csv_response

KEPT_SECONDS = 10
"""How long a process shows the same counts in the bar: every open page asks for them."""

_kept: list[tuple[float, FrontPage]] = []


@operator_page(section="home")
def home(request: HttpRequest) -> HttpResponse:
    page = front_page(zone=viewer_zone())
    _kept[:] = [(time.monotonic(), page)]
    pictures = sum(row.images for row in page.models)
    longest = max((row.p95 or 0 for row in page.durations), default=0) or 1
    context: dict[str, Any] = {
        "page": page,
        "zone": str(viewer_zone()).rpartition("/")[2].replace("_", " "),
        "needs": lines.needs(page),
        "cards": cards(page),
        "chart": money_chart(page.money.main),
        "flagged": [lines.flagged(row) for row in page.flagged.first],
        "troubles": [lines.trouble(row) for row in page.troubles.first],
        "waiting": [lines.waiting(row) for row in page.invoices.first],
        "parts": lines.platform(page),
        "models": [(row, row.images / pictures if pictures else 0) for row in page.models],
        "pictures": pictures,
        "durations": [
            (row, [("2", (row.p50 or 0) / longest), ("off", ((row.p95 or 0) - (row.p50 or 0)) / longest)])
            for row in page.durations
            if row.pictures
        ],
        "reasons": [(row, lines.error_name(row.error_code, row.upstream_status)) for row in page.failures.reasons],
    }
    return render(request, "admin/home/home.html", context)


@operator_page(section="home")
def money_csv(request: HttpRequest) -> HttpResponse:
    """The thirty days of the chart, for a spreadsheet."""
    cards = front_page(zone=viewer_zone()).money
    rows = (
        (row.day.isoformat(), row.money.currency, row.money.revenue, row.money.cost)
        for card in (cards.main, *cards.others)
        for row in card.days
    )
    return csv_response("revenue-and-cost", ("day", "currency", "revenue", "cost"), rows)


@operator_page()
def state(request: HttpRequest) -> HttpResponse:
    """How the platform is, in a word, and the counts of the rail; htmx puts them into any page."""
    page = _recent()
    # What tenants spend and what things cost is no state of the machine.
    bad = [part for part in lines.platform(page) if part.tone == "bad" and part.is_machine]
    word = _("All systems well")
    tone = "good"
    if bad:
        word, tone = named(bad[0].name, bad[0].word), "bad"
    elif page.failures.is_above:
        word, tone = _("Upstream unsteady"), "waiting"
    kinds = page.troubles.by_kind
    context = {
        "tone": tone,
        "word": word,
        "counts": {
            "home": page.needs_you,
            "jobs": kinds.get("tenant_failing", 0) + kinds.get("job_overdue", 0),
            "batches": kinds.get("batch_stalled", 0),
            "charges": page.flagged.count,
            "invoices": page.invoices.count,
            "webhooks": kinds.get("webhook_off", 0) + kinds.get("webhook_failing", 0),
        },
    }
    return render(request, "admin/home/state.html", context)


def viewer_zone() -> ZoneInfo:
    """Returns the zone in which the viewer's days begin and end."""
    zone = timezone.get_current_timezone()
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo("UTC")


def _recent() -> FrontPage:
    """Returns the front page as it was at most ten seconds ago."""
    if not _kept or time.monotonic() - _kept[0][0] > KEPT_SECONDS:
        _kept[:] = [(time.monotonic(), front_page(zone=viewer_zone()))]
    return _kept[0][1]
