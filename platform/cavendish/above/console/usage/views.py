"""The pages of usage: a month as sentence, chart and table; the same by day; both as CSV; the choice of tags."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from accounts.roles.permissions import Permission
from billing.anomalies.selectors import anomalies_of
from billing.forecasts.selectors import forecast_of_days
from billing.usage.selectors import Sums, usage_tags
from billing.wallets.selectors import wallet_of
from cavendish.above.console.pages import console_act, console_page
from cavendish.above.console.usage.budgets.standing import budgets_shown, month_budget, warned
from cavendish.above.console.usage.chart import month_chart
from cavendish.above.console.usage.links import asked_query, days_address, jobs_address, made_of
from cavendish.above.console.usage.report import BY, MEASURES, Asked, Group, Report, report_of
from cavendish.above.console.usage.tags import ChooseTags, names_lately
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.spreadsheet import csv_response


@console_page(Permission.BILLING, section="usage")
def usage(request: HttpRequest, work: Workplace) -> HttpResponse:
    with work.reading():
        report = report_of(request, work)
        wallet = wallet_of(tenant_id=work.tenant_id, livemode=work.livemode)
        month = report.asked.month
        budgets = budgets_shown(work.tenant, livemode=work.livemode) if month.is_running else []
        unusual = anomalies_of(work.tenant) if month.is_running and work.livemode else []
    asked = report.asked
    spent, shown = (
        forecast_of_days(report.measured(measure), today=month.today) if month.is_running else None
        for measure in ("amount", asked.measure)
    )
    tightest = month_budget(budgets)
    context = {
        "month": month,
        "asked": asked,
        "report": report,
        "currency": wallet.currency if wallet else report.total.currency,
        "chart": month_chart(report, shown),
        "spent": spent,
        "rows": [(group, _address(work, asked, group)) for group in report.shown],
        "whole": jobs_address(work, asked, None, month.first, month.today if month.is_running else month.last),
        "groupings": [(name, word, _query(asked, by=name)) for name, word in BY.items()],
        "measures": [(name, word, _query(asked, show=name)) for name, word in _measures(work)],
        "budgets": budgets,
        "month_budget": tightest,
        "month_share": _of_month(tightest),
        "warned": warned(budgets),
        "unusual": unusual,
        "days_address": days_address(asked),
        "csv_address": f"{reverse('console:usage_csv')}{_query(asked)}",
        "xlsx_address": f"{reverse('console:usage_xlsx')}{_query(asked)}",
        "pdf_address": f"{reverse('console:usage_pdf')}{_query(asked)}",
    }
    return render(request, "console/usage/usage.html", context)


def _measures(work: Workplace) -> list[tuple[str, Any]]:
    return [(name, word) for name, word in MEASURES.items() if work.livemode or name != "amount"]


def _of_month(tightest: Any) -> tuple[int, int] | None:
    """Returns how many percent of the month's budget are used and expected, for who does not see the bar."""
    if tightest is None or not tightest.line.limit:
        return None
    expected = tightest.forecast.expected or tightest.line.use.used
    return round(tightest.line.share * 100), round(expected / tightest.line.limit * 100)


def _query(asked: Asked, *, by: str = "", show: str = "") -> str:
    """Returns the query of this page with another grouping or measure."""
    query = asked_query(replace(asked, by=by or asked.by))
    measure = show or asked.measure
    if measure != ("amount" if asked.livemode else "images"):
        query["show"] = measure
    return f"?{urlencode(query)}" if query else ""


def _address(work: Workplace, asked: Asked, group: Group) -> str:
    return "" if group.is_rest else made_of(work, asked, group)


@console_page(Permission.BILLING, section="usage")
def usage_csv(request: HttpRequest, work: Workplace) -> HttpResponse:
    """The table of the page, all of its rows, without a row of totals: so the sum of a column is right."""
    with work.reading():
        report = report_of(request, work)
    asked = report.asked
    head = (asked.by_name.lower(), "id", "pictures", "tokens", "searches", "amount", "currency", "share")
    rows = (
        (
            group.name, group.public_id, group.sums.images, group.sums.tokens, group.sums.search_queries,
            group.sums.amount, group.sums.currency, f"{group.share:.6f}",
        )
        for group in report.groups
    )  # fmt: skip
    return csv_response(f"usage-{asked.month.value}-by-{asked.by}", head, rows)


@console_page(Permission.BILLING, section="usage")
def usage_days(request: HttpRequest, work: Workplace) -> HttpResponse:
    """The month by day: the greatest groups side by side, or one group with all its figures."""
    with work.reading():
        report = report_of(request, work)
        wallet = wallet_of(tenant_id=work.tenant_id, livemode=work.livemode)
    asked, group = report.asked, _group(request, report)
    context = {
        "month": asked.month,
        "asked": asked,
        "report": report,
        "group": group,
        "currency": wallet.currency if wallet else report.total.currency,
        "whole": group.sums if group else report.total,
        "rows": _day_rows(work, report, group),
        "series": report.series,
        "groupings": [(name, word, _query(asked, by=name)) for name, word in BY.items()],
        "back": f"{reverse('console:usage')}{_query(asked)}",
        "csv_address": days_address(asked, group, csv=True),
        "parts": [sum_of(report, values) for _kind, _name, values in report.series],
    }
    return render(request, "console/usage/days.html", context)


def sum_of(report: Report, values: list[Any]) -> Any:
    """Returns a measure's sum of some groups over the month."""
    return sum(getattr(group.sums, report.asked.measure) for group in report.groups if group.value in values)


def _day_rows(work: Workplace, report: Report, group: Group | None) -> list[tuple[date, Sums, list[Any], str]]:
    """Returns for each day that has begun its sums, the parts of the series, and where its jobs are."""
    month, measure = report.asked.month, report.asked.measure
    everything = [row.value for row in report.groups]
    rows = []
    for day in month.days:
        if day > month.today:
            break
        sums = report.of_day(day, [group.value] if group else everything)
        parts = [getattr(report.of_day(day, values), measure) for _kind, _name, values in report.series]
        rows.append((day, sums, parts, jobs_address(work, report.asked, group, day, day)))
    return rows


def _group(request: HttpRequest, report: Report) -> Group | None:
    """Returns the group of the address; None where it names none. Raises Http404 for one that used nothing."""
    of, without = request.GET.get("of", ""), request.GET.get("without", "")
    if not of and not without:
        return None
    for group in report.groups:
        if (of and group.public_id == of) or (not of and group.value is None):
            return group
    raise Http404


@console_page(Permission.BILLING, section="usage")
def usage_days_csv(request: HttpRequest, work: Workplace) -> HttpResponse:
    """The table by day as it is shown, without its totals."""
    with work.reading():
        report = report_of(request, work)
    asked, group = report.asked, _group(request, report)
    name = f"usage-{asked.month.value}-by-day"
    rows = _day_rows(work, report, group)
    if group is not None:
        head: tuple[str, ...] = ("day", "pictures", "tokens", "searches", "amount", "currency")
        lines = (
            (day.isoformat(), sums.images, sums.tokens, sums.search_queries, sums.amount, report.total.currency)
            for day, sums, _parts, _address in rows
        )
        return csv_response(name, head, lines)
    head = ("day", *(name for _kind, name, _values in report.series), "total", "pictures", "currency")
    measured = (
        (day.isoformat(), *parts, getattr(sums, asked.measure), sums.images, report.total.currency)
        for day, sums, parts, _address in rows
    )
    return csv_response(name, head, measured)


@console_page(Permission.BILLING, section="usage")
def tags(request: HttpRequest, work: Workplace) -> HttpResponse:
    with work.reading():
        now = usage_tags(work.tenant_id)
        lately = names_lately(work.tenant_id, livemode=work.livemode)
    act = ChooseTags(request.POST or None, tenant_id=work.tenant_id, now=now, lately=lately)
    return console_act(request, work, act, back=f"{reverse('console:usage')}?by=tag")
