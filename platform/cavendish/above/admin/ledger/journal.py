"""The journal for the accountant: which days, of whom, in which form; and the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.exports.datev import FORMATS, datev_export
from billing.exports.journal import Posting, journal, journal_export
from billing.months import month_first
from cavendish.above.admin.links import tenant_named
from cavendish.above.ui.lists import FilterInvalid
from cavendish.http.csv_files import CsvStyle, Write

DATEV = "datev"


@dataclass(frozen=True)
class JournalAsked:
    """Days from `first` to `last`, both included, in UTC; `errors` are by field."""

    tenant_id: UUID | None
    first: date
    last: date
    form: str
    currency: str
    errors: dict[str, str]


def journal_asked(query: QueryDict) -> JournalAsked:
    """Returns what the address asks for; without days, the month that is over."""
    errors: dict[str, str] = {}
    last_month = month_first(timezone.now().date()) - timedelta(days=1)
    days = {"since": month_first(last_month), "until": last_month}
    for name in days:
        try:
            days[name] = date.fromisoformat(text) if (text := query.get(name, "")) else days[name]
        except ValueError:
            errors[name] = _("Write a day like 2026-11-28.")
    tenant_id = None
    if text := query.get("tenant", "").strip():
        try:
            tenant_id = tenant_named(text[:100]).id
        except FilterInvalid as error:
            errors["tenant"] = str(error)
    form = query.get("form", FORMATS[0])
    if form not in FORMATS:
        errors["form"] = _("Choose a form of the list.")
    if not errors and days["until"] < days["since"]:
        errors["until"] = _("It lies before the first day.")
    elif form == DATEV and days["until"].year != days["since"].year:
        errors["until"] = _("A file for DATEV lies within one year.")
    return JournalAsked(
        tenant_id, days["since"], days["until"], form, query.get("currency", "").strip().upper(), errors
    )


def postings_of(asked: JournalAsked) -> list[Posting]:
    start, end = (datetime.combine(day, time(), UTC) for day in (asked.first, asked.last + timedelta(days=1)))
    return list(journal(tenant_id=asked.tenant_id, start=start, end=end, zone="UTC"))


def file_of(asked: JournalAsked, postings: list[Posting], currency: str) -> tuple[str, Callable[[Write], object]]:
    """Returns the name of the file and what writes it."""
    if asked.form != DATEV:
        style = CsvStyle(bom=True)
        return f"journal-{asked.first}.csv", lambda write: journal_export(write, iter(postings), style=style)
    return f"EXTF_Buchungsstapel-{asked.first}.csv", lambda write: datev_export(
        write, postings, first=asked.first, last=asked.last, currency=currency, made=timezone.now()
    )
