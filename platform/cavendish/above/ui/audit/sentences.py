"""An audit event as a sentence: who did what to which thing, with the values that changed."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts.models import AuditEvent
from cavendish.above.ui.audit.phrases import NAMES, PHRASES
from cavendish.above.ui.formats import short_id
from cavendish.above.ui.labels import SCOPES, WORDS, label
from cavendish.above.ui.marks import comma, listed

SHOWN = 3
"""Values in a sentence; the event's page has them all."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_ID = re.compile(r"[a-z]{2,8}_[0-9a-f]{32}")
_AMOUNT = re.compile(r"-?\d{1,20}\.\d{9}")
"""Amounts are kept with nine places; zeros after the second help nobody."""
_NO_AMOUNT = re.compile(r"0(\.0+)?")

QUIET = frozenset({
    "reason", "note", "livemode", "currency", "prefix", "actor", "scopes", "slug", "reference", "revoked_at", "purpose",
})  # fmt: skip


OPERATORS = frozenset({"operator", "operator_key"})


def sentence(event: AuditEvent, *, full: bool = True) -> SafeString:
    """Returns "ada@example.com changed the settings, concurrency limit from 20 to 40 “Black Friday”".

    Without `full`, which is for operators, it does not say which operator acted.
    """
    hidden = event.actor_kind in OPERATORS and not full
    who = _("The operator") if hidden else event.actor_label or _("Cavendish")
    what = PHRASES.get(event.action) or event.action.replace(".", " ").replace("_", " ")
    values = event.after or {}
    named = next((shown(values[name]) for name in NAMES if values.get(name) and name not in (event.before or {})), "")
    if named and values.get("currency"):
        named = f"{named} {values['currency']}"
    texts = changes(event, without=NAMES if named else ())
    parts = format_html_join("", "{}{}", ((comma(), text) for text in texts[: SHOWN if not named else 2]))
    if named:
        parts = format_html(" <b>{}</b>{}", named, parts)
    reason = values.get("reason") or values.get("note")
    why = format_html(' <span class="quiet">“{}”</span>', reason) if reason else ""
    return format_html("<b>{}</b> {}{}{}", who, what, parts, why)


def title(event: AuditEvent) -> str:
    """Returns what was done as a heading: "Created the key"."""
    return capfirst(str(PHRASES.get(event.action) or event.action.replace(".", " ").replace("_", " ")))


def values_of(event: AuditEvent) -> list[tuple[str, str, str]]:
    """Returns each value of an event for a table: its name, before and after."""
    before, after = event.before or {}, event.after or {}
    names = [*before, *(name for name in after if name not in before)]
    return [(label(name.replace("_", " ")), _cell(before, name), _cell(after, name)) for name in names]


def _cell(values: Any, name: str) -> str:
    if name not in values:
        return "–"
    if name == "scopes" and isinstance(values[name], list):
        return listed(str(SCOPES.get(scope, scope)) for scope in values[name])
    return shown(values[name])


def changes(event: AuditEvent, *, without: Collection[str] = ()) -> list[SafeString]:
    """Returns what changed, a text per value: "limit from 20 to 40". Values of `without` are left out."""
    before, after = event.before or {}, event.after or {}
    texts = []
    for name in [*before, *(name for name in after if name not in before)]:
        if name in QUIET or name in without:
            continue
        called = label(name.replace("_", " "))
        if name in before and name in after:
            texts.append(format_html(_("{} from {} to {}"), called, shown(before[name]), shown(after[name])))
        elif name in after and after[name] not in (None, "", [], {}) and not _is_no_amount(after[name]):
            texts.append(format_html("{} {}", called, shown(after[name])))
    return texts


def _is_no_amount(value: Any) -> bool:
    return isinstance(value, str) and _NO_AMOUNT.fullmatch(value) is not None


def shown(value: Any) -> str:
    """Returns a value as people write it, cut where it is long."""
    if value is None or value == "":
        return _("nothing")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        text = listed(map(shown, value))
    elif isinstance(value, dict):
        text = listed(f"{name.replace('_', ' ')} {shown(item)}" for name, item in value.items())
    elif isinstance(value, str) and _MOMENT.match(value) and (at := parse_datetime(value)):
        text = f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at.tzinfo else value
    elif isinstance(value, str) and _ID.fullmatch(value):
        text = short_id(value)
    else:
        text = _word(str(value))
        if _AMOUNT.fullmatch(text):
            whole, _point, places = text.partition(".")
            text = f"{whole}.{places.rstrip('0'):0<2}"
    return text if len(text) <= 80 else f"{text[:77]}…"


def _word(text: str) -> str:
    """Returns a status, flag or the like in the viewer's language: "over hold" for over_hold."""
    if (words := text.replace("_", " ")) in WORDS:
        return label(words)
    word = words.capitalize()
    return text if (translated := label(word)) == word else translated
