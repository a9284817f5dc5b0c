"""Cells and filters that many lists share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from typing import Any

from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.functional import Promise, lazy
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import ApiKey
from accounts.roles.checks import model_ids
from cavendish.above.ui import formats
from cavendish.above.ui.labels import SCOPES
from cavendish.above.ui.lists import Filter, FilterInvalid
from cavendish.above.ui.marks import listed
from cavendish.db import ids


def _unseen(text: str | Promise) -> SafeString:
    return format_html('<span class="sr">{}</span>', text)


unseen = lazy(_unseen, SafeString)
"""The head of a column that needs none for the eye."""


def in_row(actions: Iterable[Mapping[str, Any]]) -> SafeString:
    """Returns the buttons of acts beside each other, for a cell."""
    buttons = ((render_to_string("ui/action.html", {"action": action}),) for action in actions)
    return format_html_join("", '<span class="in-row">{}</span>', buttons)


def created(row: Any) -> Any:
    return formats.age(row.created_at)


def key_name(key: ApiKey) -> str:
    """Returns what a key is called on pages; the console's has no name of its own."""
    return _("Console") if key.is_console else key.name


def scopes(names: Iterable[str]) -> str:
    """Returns what a key may do: "Generate, Read"."""
    return listed(SCOPES.get(name, name) for name in names)


def model_name(model: str) -> str:
    """Returns a model's short name: "3.1 Flash" for gemini-3.1-flash-image."""
    return model.removeprefix("gemini-").removesuffix("-image").replace("-", " ").title()


def models_choices() -> list[tuple[str, str]]:
    return [(model, model_name(model)) for model in model_ids()]


def _moment(text: str, at: time) -> datetime:
    try:
        on = parse_date(text)
    except ValueError:
        on = None
    if on is None:
        raise FilterInvalid(_("Write a day like 2026-11-28."))
    return timezone.make_aware(datetime.combine(on, at))


def since(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Narrows rows with ids in time order (UUIDv7) to a day and later, in the viewer's zone."""
    return rows.filter(id__gte=ids.first_at(_moment(text, time.min)))


def until(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Narrows rows with ids in time order (UUIDv7) to a day and earlier, in the viewer's zone."""
    return rows.filter(id__lte=ids.first_at(_moment(text, time.max)))


SINCE: Filter[Any] = Filter("since", gettext_lazy("From"), since, kind="date", span=True)
UNTIL: Filter[Any] = Filter("until", gettext_lazy("To"), until, kind="date", span=True)


def _by_mode(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(livemode=value == "live")


MODE: Filter[Any] = Filter(
    "mode", gettext_lazy("Mode"), _by_mode, choices=(("live", gettext_lazy("Live")), ("test", gettext_lazy("Test")))
)
