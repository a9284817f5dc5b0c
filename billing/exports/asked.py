"""What a request for a file asks: whose rows, of which time, in which style. Every wrong parameter is named at once."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from accounts.authentication.operators import OperatorPrincipal
from accounts.authentication.parameters import Parameters
from accounts.authentication.tenant_or_operator import principal_context
from accounts.models import Tenant
from billing.exports.excerpt import Excerpt
from billing.fields import month_parse
from billing.months import month_after, month_first
from billing.spans import day_begins, days_of, span_of
from cavendish.db import ids
from cavendish.http.csv_files import NAMES, CsvStyle, csv_style
from cavendish.http.problems import invalid_value, not_found, shown


class Asked(Parameters):
    """The parameters of a file: `takes` beside `tenant_id`, which only operators give, and those of CSV's style."""

    def __init__(self, request: Request, *, takes: tuple[str, ...], is_csv: bool = True) -> None:
        user: Any = request.user
        self.user: Any = user
        self.is_operator = isinstance(user, OperatorPrincipal)
        own = ("tenant_id",) if self.is_operator else ()
        super().__init__(request, takes=(*takes, *own, *(NAMES if is_csv else ())))
        self.tenant_id: UUID | None = self.id("tenant_id", ids.TENANT) if self.is_operator else user.tenant_id
        self.livemode = True if self.is_operator else bool(user.livemode)
        self.zone, self.tenant = "UTC", None
        if self.tenant_id is not None:
            with principal_context(user):
                self.tenant = Tenant.objects.filter(id=self.tenant_id).first()
            if self.tenant is None:
                raise not_found()
            self.zone = self.tenant.billing_timezone

    def one_tenant(self) -> Tenant:
        """Returns whose file it is. Raises Problem 422 where an operator names nobody."""
        if self.tenant is None:
            raise invalid_value("/tenant_id", "required", "Name the tenant whose file you want.")
        return self.tenant

    def style(self) -> CsvStyle:
        return csv_style(self.values, self.wrong)

    def excerpt(self, *, running: bool = False) -> Excerpt:
        """Returns whose rows of which days the file has, and its style; `running`: a month where no days are named."""
        style = self.style()
        first, last = self.days() if running else self.some_days()
        return Excerpt(style, self.tenant_id, self.livemode, self.is_operator, first, last)

    def month(self) -> date:
        """Returns the first day of the month that is named, else of the one that runs."""
        text = self.values.get("month")
        if text is None:
            return month_first(datetime.now(ZoneInfo(self.zone)).date())
        try:
            return month_parse(text)
        except ValidationError:
            self.wrong("month", "unknown_value", f"{shown(text)} is no month; write it like 2026-11.")
            return date(2000, 1, 1)

    def span(self) -> tuple[datetime | None, datetime | None]:
        """Returns from when until when (exclusive): days of the tenant's time zone (UTC for all tenants), or times."""
        return span_of(self, self.zone)

    def some_days(self) -> tuple[date | None, date | None]:
        """Returns the days from the first until the last, which is not included; None where one is absent."""
        return days_of(self)

    def days(self) -> tuple[date, date]:
        """Returns the same; the month that runs, or the one that `from` begins, where they are absent."""
        first, last = self.some_days()
        first = first or month_first(datetime.now(ZoneInfo(self.zone)).date())
        return first, last or month_after(first)

    def instants(self, first: date, last: date) -> tuple[datetime, datetime]:
        """Returns when these days begin in the time zone."""
        return day_begins(first, self.zone), day_begins(last, self.zone)
