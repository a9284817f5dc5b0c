"""The month that a page shows: one of the tenant's billing time zone, chosen in the address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from django.http import Http404, HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Tenant
from billing.forecasts.selectors import today_of
from billing.months import month_after, month_first, month_last

MOST_MONTHS = 36
"""How many months back the menu reaches; an address reaches any."""
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True)
class ShownMonth:
    """`end` is exclusive; `today` the date in the tenant's billing time zone."""

    first: date
    end: date
    today: date
    choices: list[date]
    """The first days of the months of the menu, the newest first."""

    @property
    def is_running(self) -> bool:
        return self.first <= self.today < self.end

    @property
    def last(self) -> date:
        return month_last(self.first)

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range((self.end - self.first).days)]

    @property
    def previous(self) -> date | None:
        before = month_first(self.first - timedelta(days=1))
        return before if before >= self.choices[-1] else None

    @property
    def next(self) -> date | None:
        return None if self.is_running else self.end

    @property
    def value(self) -> str:
        """Returns it as it stands in addresses: "2026-11"."""
        return f"{self.first:%Y-%m}"

    @property
    def name(self) -> str:
        """Returns "November", with its year where that is another one."""
        return date_format(self.first, _("F") if self.first.year == self.today.year else _("F Y"))


def month_asked(request: HttpRequest, tenant: Tenant) -> ShownMonth:
    """Returns the month of the address, by default the one that runs. Raises Http404 for none, or one to come."""
    today = today_of(tenant)
    running = month_first(today)
    text = request.GET.get("month", "")
    first = running
    if text:
        found = _MONTH.fullmatch(text)
        first = date(int(found[1]), int(found[2]), 1) if found else date.max
    if first > running:
        raise Http404
    born = month_first(tenant.created_at.date())
    choices = [running]
    while choices[-1] > min(born, first) and len(choices) < MOST_MONTHS:
        choices.append(month_first(choices[-1] - timedelta(days=1)))
    if first not in choices:
        choices.append(first)
    return ShownMonth(first, month_after(first), today, choices)
