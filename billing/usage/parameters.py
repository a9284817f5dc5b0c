"""The query parameters of reports of usage, every wrong one named at once."""

from __future__ import annotations

import difflib
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from accounts.authentication.operators import OperatorPrincipal
from accounts.authentication.principal import Principal
from accounts.authentication.tenant_or_operator import principal_context
from accounts.models import Tenant
from billing.fields import month_parse
from billing.months import month_after
from billing.usage.cursors import cursor_parse
from billing.usage.query import DIMENSIONS, METADATA, NOT_WITH_METADATA, Cursor, UsageQuery
from cavendish.db import ids
from cavendish.gemini.catalog import UnknownModel, get_model
from cavendish.http.csv_files import CsvStyle, csv_style
from cavendish.http.problems import FieldError, forbidden, invalid, not_found, shown
from cavendish.http.times import MomentInvalid, day_parse, moment_parse

LIMIT, MOST = 1000, 10_000
DAYS, DAYS_BY_HOUR = 1100, 31
MAX_METADATA_KEY_CHARS = 64
FILTERS = {"model": "a model", "key_id": ids.API_KEY, "member_id": ids.USER, "tenant_id": ids.TENANT}
PERIOD = ("from", "to", "livemode")
GROUPED = ("group_by", "limit", "cursor")


class UsageParameters:
    """The parameters of a request; `query()` raises a 422 with all that is wrong."""

    def __init__(self, request: Request, *, takes: tuple[str, ...]) -> None:
        user: Any = request.user
        self.user: Principal | OperatorPrincipal = user
        with principal_context(self.user):
            self.zone = _zone_of(self.user)
        self.errors: list[FieldError] = []
        self.values = request.query_params
        self.is_operator = isinstance(self.user, OperatorPrincipal)
        known = [name for name in (*PERIOD, *FILTERS, *takes) if name != "tenant_id" or self.is_operator]
        for name in self.values:
            if name not in known:
                near = difflib.get_close_matches(name[:60].lower(), known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}."
                self.wrong(name, "unknown_field", f"{shown(name)} is no parameter here; {hint}")
            elif name != "group_by" and len(self.values.getlist(name)) > 1:
                self.wrong(name, "repeated", "It is given more than once.")

    def wrong(self, name: str, code: str, detail: str) -> None:
        self.errors.append(FieldError(f"/{name[:60]}", code, detail))

    def style(self) -> CsvStyle:
        """Returns in which style of CSV the rows are wanted; before `query`, which raises what is wrong."""
        return csv_style(self.values, self.wrong)

    def query(self) -> UsageQuery:
        livemode = self._livemode()
        group_by, tag = self._group_by()
        start, end = self._period(by_hour="hour" in group_by)
        filters = {name: self._filter(name) for name in FILTERS}
        if tag is not None:
            if isinstance(start, datetime):
                self.wrong("from", "not_supported", "Sums by metadata are kept by day; give dates.")
            for name in ("key_id", "member_id"):
                if filters[name] is not None:
                    self.wrong(name, "not_supported", f"Sums by metadata are not kept by {name.removesuffix('_id')}.")
        if self.errors:
            raise invalid(self.errors)
        if not self.is_operator:
            assert isinstance(self.user, Principal)
            filters["tenant_id"] = self.user.tenant_id
        return UsageQuery(start=start, end=end, livemode=livemode, group_by=group_by, tag=tag, **filters)

    def _livemode(self) -> bool:
        own = True if self.is_operator else getattr(self.user, "livemode", True)
        text = self.values.get("livemode")
        if text is None:
            return own
        if text not in {"true", "false"}:
            self.wrong("livemode", "unknown_value", f"{shown(text)} is not taken; use true or false.")
        if text == "true" and not own:
            raise forbidden("A test key sees test usage only.")
        return text == "true"

    def _group_by(self) -> tuple[tuple[str, ...], str | None]:
        names = [name for text in self.values.getlist("group_by") for name in text.split(",") if text]
        group_by: list[str] = []
        tag = None
        takes = [name for name in DIMENSIONS if name != METADATA and (name != "tenant" or self.is_operator)]
        for name in names:
            head, dot, key = name.partition(".")
            if head == METADATA and dot and len(key) > MAX_METADATA_KEY_CHARS:
                detail = f"A metadata key has at most {MAX_METADATA_KEY_CHARS} characters."
                self.wrong("group_by", "too_long", detail)
                continue
            if head == METADATA and dot and key and "\0" not in key:
                if tag is not None:
                    self.wrong("group_by", "too_many", "Group by one metadata key at a time.")
                tag, name = key, METADATA
            elif name not in takes:
                near = difflib.get_close_matches(name[:60].lower(), takes, n=1)
                hint = f"did you mean {near[0]}?" if near else f"use {', '.join(takes)} or metadata.<key>."
                self.wrong("group_by", "unknown_value", f"{shown(name)} is not taken; {hint}")
                continue
            if name in group_by:
                self.wrong("group_by", "repeated", f"{shown(name)} is given more than once.")
            group_by.append(name)
        if tag is not None and (apart := sorted(NOT_WITH_METADATA & set(group_by))):
            detail = f"Sums by metadata are not kept by {', '.join(apart)}; group by day, month, model, size or kind."
            self.wrong("group_by", "not_supported", detail)
        return tuple(dict.fromkeys(group_by)), tag

    def _period(self, *, by_hour: bool) -> tuple[Any, Any]:
        """Returns `from` (this month's first day) and `to` (tomorrow), both dates or both instants."""
        today = datetime.now(ZoneInfo(self.zone)).date()
        start = self._moment("from")
        end = self._moment("to")
        if isinstance(start, datetime) and end is None:
            end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        if isinstance(end, datetime) and start is None:
            self.wrong("from", "required", "Give both as times, or both as dates.")
            return end, end
        start = start or today.replace(day=1)
        end = end or max(today, start) + timedelta(days=1)
        if isinstance(start, datetime) is not isinstance(end, datetime):
            self.wrong("to", "wrong_type", "Give both as times, or both as dates.")
        elif start >= end:
            self.wrong("to", "out_of_range", "It must lie after `from`; what is on it is not included.")
        elif end - start > timedelta(days=DAYS_BY_HOUR if by_hour else DAYS):
            days = f"{DAYS_BY_HOUR} days by hour" if by_hour else f"{DAYS} days"
            self.wrong("to", "out_of_range", f"A report spans at most {days}.")
        return start, end

    def _moment(self, name: str) -> date | datetime | None:
        text = self.values.get(name)
        if text is None:
            return None
        with suppress(MomentInvalid):
            return day_parse(text)
        if "T" in text and text.isascii():
            return self._hour(name, text)
        detail = f"{shown(text)} is neither a date like 2026-11-01 nor a time like 2026-11-01T00:00:00Z."
        self.wrong(name, "wrong_type", detail)
        return None

    def _hour(self, name: str, text: str) -> datetime | None:
        try:
            # a "+" that was not escaped arrives as a space
            moment = moment_parse(text.replace(" ", "+"))
        except MomentInvalid as error:
            self.wrong(name, error.code, str(error))
            return None
        if moment.minute or moment.second or moment.microsecond:
            self.wrong(name, "out_of_range", "Sums are kept by hours of UTC; give a whole hour.")
            return None
        if not 2000 <= moment.year <= 2200:
            self.wrong(name, "out_of_range", "Give a time of the years 2000 to 2200.")
            return None
        return moment

    def _filter(self, name: str) -> Any:
        text = self.values.get(name)
        if text is None:
            return None
        if name == "model":
            try:
                return get_model(text.removeprefix("models/")).id
            except UnknownModel as error:
                self.wrong(name, "unknown_value", str(error))
                return None
        public_id: UUID | None = ids.decode(FILTERS[name], text)
        if public_id is None:
            self.wrong(name, "unknown_value", f"{shown(text)} is no such id; it looks like {FILTERS[name]}_….")
        return public_id

    def limit(self) -> int:
        text = self.values.get("limit", str(LIMIT))
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= MOST):
            self.wrong("limit", "out_of_range", f"Use a whole number from 1 to {MOST}.")
            return LIMIT
        return int(text)

    def cursor(self, group_by: tuple[str, ...]) -> Cursor | None:
        """Returns where the page begins. Raises Problem for what is no cursor of this report's."""
        text = self.values.get("cursor")
        if not text:
            return None
        cursor = cursor_parse(text, group_by)
        if cursor is None:
            raise invalid([FieldError("/cursor", "invalid", "Use the next_cursor of the page before.")])
        return cursor


def _zone_of(user: Principal | OperatorPrincipal) -> str:
    """Returns the time zone of the defaults: of a tenant, in its context, that of its billing dates; else UTC."""
    if isinstance(user, OperatorPrincipal):
        return "UTC"
    return Tenant.objects.values_list("billing_timezone", flat=True).get(id=user.tenant_id)


class MonthParameters(UsageParameters):
    """The parameters of a month's report; by model where nothing is named."""

    def query(self) -> UsageQuery:
        month = self.values.get("month")
        first = None
        if month is not None:
            try:
                first = month_parse(month)
            except ValidationError:
                self.wrong("month", "unknown_value", f"{shown(month)} is no month; write it like 2026-11.")
            if "from" in self.values or "to" in self.values:
                self.wrong("month", "conflict", "Give a month, or from and to.")
        query = super().query()
        if not query.group_by:
            query = replace(query, group_by=("model",))
        return replace(query, start=first, end=month_after(first)) if first is not None else query

    def tenant_name(self, tenant_id: UUID | None) -> str:
        """Returns whose report it is; in the tenant's context, or as the operator. Raises Problem 404."""
        if tenant_id is None:
            return "All tenants"
        name = Tenant.objects.filter(id=tenant_id).values_list("name", flat=True).first()
        if name is None:
            raise not_found()
        return str(name)


def month_parameters(request: Request) -> MonthParameters:
    return MonthParameters(request, takes=("group_by", "month"))
