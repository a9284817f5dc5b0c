"""Long tables: columns, filters that stand in the address, and pages by key. Nothing here counts a million rows."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _

Row = TypeVar("Row", bound=Model)
Text = str | Promise

PAGE = 50
MAX_FILTER_CHARS = 300


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

    `apply` narrows the rows by a value that is not empty, and raises FilterInvalid for one that cannot be.
    """

    name: str
    label: Text
    apply: Callable[[QuerySet[Row], str], QuerySet[Row]]
    choices: Sequence[tuple[str, Text]] | Callable[[], Sequence[tuple[str, Text]]] = ()
    kind: str = "text"
    placeholder: Text = ""

    def options(self) -> Sequence[tuple[str, Text]]:
        return self.choices() if callable(self.choices) else self.choices


@dataclass(frozen=True)
class Page(Generic[Row]):
    """A page of rows and the cursors of its neighbours; None where there is none."""

    rows: list[Row]
    older: str | None
    newer: str | None


@dataclass(frozen=True)
class List(Generic[Row]):
    """A list page. `order` are the fields of its key, newest first with "-"; together they are unique and indexed."""

    title: Text
    rows: Callable[[], QuerySet[Row]]
    columns: Sequence[Column[Row]]
    filters: Sequence[Filter[Row]] = ()
    order: tuple[str, ...] = ("-id",)
    empty: Text = ""
    page_size: int = PAGE


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
    """Shows a page of a list. A filter that cannot be is named and shows no rows (400)."""
    page: Page[Row] = Page([], None, None)
    given, errors, rows = filtered(request, table)
    try:
        if not errors:
            page = page_of(rows, table, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    except FilterInvalid as error:
        errors["after"] = str(error)
    shown = {
        "table": table,
        "page": page,
        "cells": [[(column, column.cell(row)) for column in table.columns] for row in page.rows],
        "filters": [(item, given[item.name], errors.get(item.name, ""), item.options()) for item in table.filters],
        "filtered": any(given.values()),
        "errors": errors,
        **(context or {}),
    }
    return render(request, template, shown, status=400 if errors else 200)


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
        except (ValidationError, ValueError):
            errors[item.name] = _("“%s” cannot be looked for here.").replace("%s", value[:60])
    return given, errors, rows


def page_of(rows: QuerySet[Row], table: List[Row], *, after: str = "", before: str = "") -> Page[Row]:
    """Returns the rows after a cursor, or those before one, in the list's order. Raises FilterInvalid for a bad one."""
    backwards = bool(before) and not after
    order = tuple(_reverse(name) for name in table.order) if backwards else table.order
    if cursor := after or before:
        rows = rows.filter(_beyond(order, _decode(rows.model, table.order, cursor)))
    found = list(rows.order_by(*order)[: table.page_size + 1])
    more = len(found) > table.page_size
    found = found[: table.page_size]
    if backwards:
        found.reverse()
    first, last = (_encode(found[0], table.order), _encode(found[-1], table.order)) if found else ("", "")
    has_older, has_newer = (True, more) if backwards else (more, bool(after))
    return Page(found, last if has_older and found else None, first if has_newer and found else None)


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
    values = [str(getattr(row, name.removeprefix("-"))) for name in order]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _decode(model: type[Model], order: Sequence[str], cursor: str) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        fields = [model._meta.get_field(name.removeprefix("-")) for name in order]
        return [field.to_python(value) for field, value in zip(fields, values, strict=True)]  # type: ignore[union-attr]
    except (ValueError, TypeError, ValidationError, UnicodeDecodeError, binascii.Error, AttributeError):
        raise FilterInvalid(_("This address is not of a page of the list. Begin at its first page.")) from None
