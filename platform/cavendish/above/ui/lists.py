"""Long tables: columns, filters that stand in the address, and pages by key. Nothing here counts a million rows.

A filter that no index serves is looked for row by row, among the next `look_through` rows of the list: the page says
how far it has looked, and leads further. So no page takes longer because the table has grown.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db import OperationalError, connections, transaction
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from psycopg.errors import QueryCanceled

from cavendish.db import ids
from cavendish.db.storable import unstorable

Row = TypeVar("Row", bound=Model)
Text = str | Promise

PAGE = 50
MAX_FILTER_CHARS = 300
LOOK_THROUGH = 20_000
"""Rows in which a page of a long list looks for what no index serves: a few dozen milliseconds."""
LIMIT_SECONDS = 5
"""After which PostgreSQL stops a query of a filtered list; the last guard, for what no bound holds."""


class FilterInvalid(ValueError):
    """A filter's value that cannot be; the message says what would be right."""


@dataclass(frozen=True)
class Column(Generic[Row]):
    """`cell` returns text or safe HTML. `kind` is "r" for numbers, "th" for what names the row; `wide` is left out on
    phones.
    """

    label: Text
    cell: Callable[[Row], Any]
    kind: str = ""
    wide: bool = False


@dataclass(frozen=True)
class Filter(Generic[Row]):
    """A parameter of the address. With `choices` it is a menu, else a field; `kind` is an input's type.

    `apply` narrows the rows by a value that is not empty, and raises FilterInvalid for one that cannot be. `index`
    returns rows that an index has in the list's order, None for a value that has none: those of the filter, or with
    `covers` false more, among which it is looked for. Of several the one with the lowest `rank` is followed. A `span`
    is a part of the order. `lead` names an expression that the filter adds, with which its index begins: behind
    row-level security PostgreSQL takes no JSON for constant, so the order has to name it.
    """

    name: str
    label: Text
    apply: Callable[[QuerySet[Row], str], QuerySet[Row]]
    choices: Sequence[tuple[str, Text]] | Callable[[], Sequence[tuple[str, Text]]] = ()
    kind: str = "text"
    placeholder: Text = ""
    index: Callable[[QuerySet[Row], str], QuerySet[Row] | None] | None = None
    covers: bool = True
    rank: int = 1
    span: bool = False
    lead: str = ""

    def options(self) -> Sequence[tuple[str, Text]]:
        return self.choices() if callable(self.choices) else self.choices


@dataclass(frozen=True)
class Page(Generic[Row]):
    """A page of rows and the cursors of its neighbours; None where there is none.

    `looked` is how many rows were looked through, where that ended before the page was full, and `back_to` when the
    last of them was made.
    """

    rows: list[Row]
    older: str | None
    newer: str | None
    looked: int = 0
    back_to: datetime | None = None


@dataclass(frozen=True)
class Read(Generic[Row]):
    """What a request brought: the page, the values of the filters and what is wrong with them by name ("after" for the
    page), and the HTTP status that says so.
    """

    page: Page[Row]
    given: dict[str, str]
    errors: dict[str, str]
    status: int

    @property
    def is_filtered(self) -> bool:
        return any(self.given.values())


@dataclass(frozen=True)
class List(Generic[Row]):
    """A list page. `order` are the fields of its key, newest first with "-"; together they are unique and indexed.

    `prepare` gets the rows of a page before their cells are made, to read at once what belongs to all of them.

    `look_through` bounds the rows that a page reads for filters without an index; 0 where the table stays small. The
    first field of such a list's order is an id that says when it was made.
    """

    title: Text
    rows: Callable[[], QuerySet[Row]]
    columns: Sequence[Column[Row]]
    filters: Sequence[Filter[Row]] = ()
    order: tuple[str, ...] = ("-id",)
    empty: Text = ""
    page_size: int = PAGE
    look_through: int = 0
    prepare: Callable[[Sequence[Row]], None] | None = None


def equals(field: str) -> Callable[[QuerySet[Any], str], QuerySet[Any]]:
    """Returns a filter by one field's value."""
    return lambda rows, value: rows.filter(**{field: value})


def yes_or_no(field: str) -> Callable[[QuerySet[Any], str], QuerySet[Any]]:
    """Returns a filter by a yes-or-no field: "yes", "no"."""

    def apply(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        if value not in {"yes", "no"}:
            raise FilterInvalid(_("Choose yes or no."))
        return rows.filter(**{field: value == "yes"})

    return apply


def list_page(
    request: HttpRequest, table: List[Row], *, template: str = "ui/list.html", context: dict[str, Any] | None = None
) -> HttpResponse:
    """Shows a page of a list. A filter that cannot be is named and shows no rows (400); so does one that took too long
    (503).
    """
    read = list_read(request, table)
    page, given, errors = read.page, read.given, read.errors
    if table.prepare is not None:
        table.prepare(page.rows)
    shown = {
        "table": table,
        "page": page,
        "cells": [[(column, column.cell(row)) for column in table.columns] for row in page.rows],
        "filters": [(item, given[item.name], errors.get(item.name, ""), item.options()) for item in table.filters],
        "filtered": read.is_filtered,
        "errors": errors,
        **(context or {}),
    }
    return render(request, template, shown, status=read.status)


def list_read(request: HttpRequest, table: List[Row]) -> Read[Row]:
    """Returns the page that a request asks for, for views that draw rows in their own way."""
    page: Page[Row] = Page([], None, None)
    given, errors, rows = filtered(request, table)
    after, before, status = request.GET.get("after", ""), request.GET.get("before", ""), 200
    try:
        if not errors and any(given.values()):
            base, lead = _base(table, given)
            page = _within_limit(rows, table, after=after, before=before, base=base, lead=lead)
        elif not errors:
            page = page_of(rows, table, after=after, before=before)
    except FilterInvalid as error:
        errors["after"] = str(error)
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        errors["after"] = _("This search was stopped after %s seconds. Narrow it by a day or a tenant.").replace(
            "%s", str(LIMIT_SECONDS)
        )
        status = 503
    return Read(page, given, errors, 400 if errors and status == 200 else status)


def filtered(request: HttpRequest, table: List[Row]) -> tuple[dict[str, str], dict[str, str], QuerySet[Row]]:
    """Returns the values of a list's filters, what is wrong with them by name, and the rows that they leave."""
    given = {item.name: request.GET.get(item.name, "").strip() for item in table.filters}
    errors: dict[str, str] = {}
    rows = table.rows()
    for item in table.filters:
        if not (value := given[item.name]):
            continue
        options = item.options()
        if options and value not in {option for option, _label in options}:
            errors[item.name] = _("“%s” is none of the choices.").replace("%s", value[:60])
            continue
        if len(value) > MAX_FILTER_CHARS or "\x00" in value:
            errors[item.name] = _("This is too long.")
            continue
        try:
            rows = item.apply(rows, value)
        except FilterInvalid as error:
            errors[item.name] = str(error)
        except (ValidationError, ValueError, OverflowError):
            errors[item.name] = _("“%s” cannot be looked for here.").replace("%s", value[:60])
    return given, errors, rows


def _base(table: List[Row], given: dict[str, str]) -> tuple[QuerySet[Row] | None, str]:
    """Returns the rows among which filters without an index are looked for, None where an index serves all of them; and
    the expression with which that index begins, if it is one.
    """
    spans = [item for item in table.filters if item.span and given[item.name]]
    others = [item for item in table.filters if not item.span and given[item.name]]
    if not table.look_through or not others:
        return None, ""
    rows, lead = table.rows(), ""
    for item in sorted(others, key=lambda item: item.rank):
        if len(others) == 1 and item.index is item.apply:
            return None, item.lead
        if item.index is not None and (indexed := item.index(rows, given[item.name])) is not None:
            if len(others) == 1 and item.covers:
                return None, item.lead
            rows, lead = indexed, item.lead
            break
    for item in spans:
        rows = item.apply(rows, given[item.name])
    return rows, lead


def _within_limit(
    rows: QuerySet[Row], table: List[Row], *, after: str, before: str, base: QuerySet[Row] | None, lead: str
) -> Page[Row]:
    """Returns a page as `page_of`, with LIMIT_SECONDS for each query. Raises OperationalError (QueryCanceled)."""
    with transaction.atomic(using=rows.db):
        with connections[rows.db].cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{LIMIT_SECONDS}s"])
        return page_of(rows, table, after=after, before=before, base=base, lead=lead)


def page_of(
    rows: QuerySet[Row],
    table: List[Row],
    *,
    after: str = "",
    before: str = "",
    base: QuerySet[Row] | None = None,
    lead: str = "",
) -> Page[Row]:
    """Returns the rows after a cursor, or those before one, in the list's order. Raises FilterInvalid for a bad one.

    With `base` they are looked for among the next `look_through` rows of it only. `lead` is the same in all rows.
    """
    backwards = bool(before) and not after
    order = tuple(_reverse(name) for name in table.order) if backwards else table.order
    end = None
    sort = (_reverse(lead) if order[0].startswith("-") else lead, *order) if lead else order
    if cursor := after or before:
        beyond = _beyond(order, _decode(rows.model, table.order, cursor))
        rows = rows.filter(beyond)
        base = base.filter(beyond) if base is not None else None
    if base is not None and (end := _end_of_look(base, table, sort, order)) is not None:
        rows = rows.filter(_up_to(order, end))
    found = list(rows.order_by(*sort)[: table.page_size + 1])
    more = len(found) > table.page_size
    found = found[: table.page_size]
    if backwards:
        found.reverse()
    first, last = (_encode(found[0], table.order), _encode(found[-1], table.order)) if found else ("", "")
    has_older, has_newer = (True, more) if backwards else (more, bool(after))
    page = Page(found, last if has_older and found else None, first if has_newer and found else None)
    if end is None or more:
        return page
    further = _encode_values(end)
    if backwards:
        return replace(page, newer=further)
    return replace(page, older=further, looked=table.look_through, back_to=ids.made_at(end[0]))


def _end_of_look(
    base: QuerySet[Row], table: List[Row], sort: Sequence[str], order: Sequence[str]
) -> tuple[Any, ...] | None:
    """Returns the key of the last row to look at, None where the rows end before."""
    fields = [name.removeprefix("-") for name in order]
    keys = base.order_by(*sort).values_list(*fields)[table.look_through - 1 : table.look_through + 1]
    rows = list(keys)
    return tuple(rows[0]) if len(rows) == 2 else None


def _up_to(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Returns the rows up to a key and the one that has it. One field is a range of its index, not an OR."""
    if len(order) == 1:
        name = order[0]
        return Q(**{f"{name[1:]}__gte" if name.startswith("-") else f"{name}__lte": values[0]})
    same = dict(zip((name.removeprefix("-") for name in order), values, strict=True))
    return _beyond(tuple(_reverse(name) for name in order), values) | Q(**same)


def _reverse(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _beyond(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Returns the rows after a key: (a, b) < (x, y) written out, as the first field differs, or the next, and so on."""
    condition, same = Q(), Q()
    for name, value in zip(order, values, strict=True):
        field, lookup = (name[1:], "lt") if name.startswith("-") else (name, "gt")
        condition |= same & Q(**{f"{field}__{lookup}": value})
        same &= Q(**{field: value})
    return condition


def _encode(row: Model, order: Sequence[str]) -> str:
    return _encode_values([getattr(row, name.removeprefix("-")) for name in order])


def _encode_values(values: Sequence[Any]) -> str:
    text = json.dumps([str(value) for value in values])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(model: type[Model], order: Sequence[str], cursor: str) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        fields = [model._meta.get_field(name.removeprefix("-")) for name in order]
        found = [field.to_python(value) for field, value in zip(fields, values, strict=True)]  # type: ignore[union-attr]
        if None in found or any(unstorable(found)):
            raise ValueError
        return found
    except (ValueError, TypeError, OverflowError, ValidationError, AttributeError):
        raise FilterInvalid(_("This address is not of a page of the list. Begin at its first page.")) from None
