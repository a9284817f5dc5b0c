"""The line of filters: what is chosen, as chips that take it away, and menus of what can be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import ApiKey, Membership
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui import formats
from cavendish.above.ui.cells import model_name, models_choices
from cavendish.db import ids
from generations.models import Collection

FILTERS = ("q", "model", "member", "key", "tag", "collection", "rating", "favorite", "since", "until")
MOST = 50
"""Entries of a menu: the newest collections, the first tags."""

# From tag to tag along the index that finds them: as many steps as there are tags, however many pictures have each.
_TAGS = """
    WITH RECURSIVE tags AS (
        (SELECT folded, tag FROM generations_generationtag WHERE tenant_id = %s ORDER BY folded LIMIT 1)
        UNION ALL
        SELECT next.folded, next.tag FROM tags, LATERAL (
            SELECT folded, tag FROM generations_generationtag
            WHERE tenant_id = %s AND folded > tags.folded ORDER BY folded LIMIT 1) next
    )
    SELECT tag FROM tags LIMIT %s
"""


@dataclass(frozen=True)
class Choice:
    """An entry of a menu: its word and the address that chooses it."""

    word: str
    address: str


@dataclass(frozen=True)
class Menu:
    """A menu of a filter that is not chosen. `groups` are headings ("" for none) with their entries."""

    name: str
    word: str
    groups: Sequence[tuple[str, Sequence[Choice]]]

    @property
    def is_empty(self) -> bool:
        return not any(entries for _heading, entries in self.groups)


@dataclass(frozen=True)
class Chip:
    """A filter that is chosen: what it says, and the address without it."""

    word: str
    address: str


@dataclass(frozen=True)
class FilterLine:
    """`kept` are the other filters, which the fields of the line keep in hidden inputs."""

    chips: Sequence[Chip]
    menus: Sequence[Menu]
    days: Sequence[Choice]
    kept: Sequence[tuple[str, str]]


def tags_known(work: Workplace, *, most: int = MOST) -> list[str]:
    """Returns the tenant's tags in their order, at most so many. Needs the tenant's context."""
    with connection.cursor() as cursor:
        cursor.execute(_TAGS, [work.tenant_id, work.tenant_id, most])
        return [tag for (tag,) in cursor.fetchall()]


def collections_newest(work: Workplace, *, most: int = MOST) -> list[Collection]:
    """Returns the newest collections of this mode. Needs the tenant's context."""
    rows = Collection.objects.filter(tenant_id=work.tenant_id, livemode=work.livemode)
    return list(rows.order_by("-id")[:most])


def filter_line(request: HttpRequest, work: Workplace, given: Mapping[str, str], base: str) -> FilterLine:
    """Returns the filters of the gallery at the address `base`. Needs the tenant's context."""
    query = query_of(request)

    def choose(name: str, value: str) -> str:
        return _address(base, query, **{name: value})

    members = list(Membership.objects.filter(tenant_id=work.tenant_id).select_related("user").order_by("id")[:MOST])
    keys = list(
        ApiKey.objects.filter(tenant_id=work.tenant_id, livemode=work.livemode, is_console=False).order_by("-id")[:MOST]
    )
    collections, tags = collections_newest(work), tags_known(work)
    people = {ids.encode(ids.USER, row.user_id): row.user.name or row.user.email for row in members}
    key_names = {ids.encode(ids.API_KEY, row.id): row.name for row in keys}
    names = {ids.encode(ids.COLLECTION, row.id): row.name for row in collections}
    words: dict[str, Callable[[str], str]] = {
        "model": model_name,
        "member": lambda value: people.get(value) or _("A person who left"),
        "key": lambda value: key_names.get(value) or formats.short_id(value),
        "tag": str,
        "collection": lambda value: names.get(value) or _collection_name(work, value),
        "rating": lambda value: "★" * int(value) if value in set("12345") else value,
        "favorite": lambda value: _("Favorites"),
    }
    chips = [
        Chip(word(given[name]), _address(base, query, **{name: ""})) for name, word in words.items() if given[name]
    ]
    if given["since"] or given["until"]:
        chips.insert(0, Chip(_span(given["since"], given["until"]), _address(base, query, since="", until="")))
    menus = []
    if not given["model"]:
        menus.append(
            Menu("model", _("Model"), [("", [Choice(name, choose("model", id)) for id, name in models_choices()])])
        )
    if not (given["member"] or given["key"]):
        groups = [
            (_("People"), [Choice(name, choose("member", id)) for id, name in people.items()]),
            (_("API keys"), [Choice(name, choose("key", id)) for id, name in key_names.items()]),
        ]
        menus.append(Menu("maker", _("Made by"), groups))
    if not given["tag"]:
        menus.append(Menu("tag", _("Tag"), [("", [Choice(tag, choose("tag", tag)) for tag in tags])]))
    if not given["collection"]:
        every = [Choice(_("All collections"), reverse("console:gallery_collections"))] if names else []
        groups = [("", [Choice(name, choose("collection", id)) for id, name in names.items()]), ("", every)]
        menus.append(Menu("collection", _("Collection"), groups))
    rated = (
        [] if given["rating"] else [Choice("★" * number, choose("rating", str(number))) for number in range(5, 0, -1)]
    )
    if not given["favorite"]:
        rated.insert(0, Choice(_("Favorites"), choose("favorite", "yes")))
    if rated:
        menus.append(Menu("rating", _("Rating"), [("", rated)]))
    kept = [(name, str(value)) for name, value in query.items() if name != "q"]
    return FilterLine(chips, menus, _days(base, query), kept)


def query_of(request: HttpRequest) -> QueryDict:
    """Returns the filters of an address, without the place in the list."""
    query = QueryDict(mutable=True)
    for name in FILTERS:
        if value := request.GET.get(name, ""):
            query[name] = value
    return query


def _address(base: str, query: QueryDict, **changes: str) -> str:
    changed = query.copy()
    for name, value in changes.items():
        changed.pop(name, None)
        if value:
            changed[name] = value
    return f"{base}?{changed.urlencode()}" if changed else base


def _days(base: str, query: QueryDict) -> list[Choice]:
    today = timezone.localdate()
    month = today.replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    spans: list[tuple[str, date, date | None]] = [
        (_("Today"), today, None),
        (_("Last 7 days"), today - timedelta(days=6), None),
        (_("This month"), month, None),
        (_("Last month"), before, month - timedelta(days=1)),
    ]
    return [
        Choice(word, _address(base, query, since=since.isoformat(), until=until.isoformat() if until else ""))
        for word, since, until in spans
    ]


def _span(since: str, until: str) -> str:
    """Returns the chosen days as words: "1–30 Nov", "from 1 Nov"."""
    try:
        first, last = (formats.day(date.fromisoformat(text)) if text else "" for text in (since, until))
    except ValueError:
        return f"{since} – {until}"
    if first and last:
        return first if first == last else f"{first} – {last}"
    return (_("From %s") if first else _("Until %s")).replace("%s", first or last)


def _collection_name(work: Workplace, public_id: str) -> str:
    value = ids.decode(ids.COLLECTION, public_id)
    row = Collection.objects.filter(id=value, livemode=work.livemode).first() if value else None
    return row.name if row else formats.short_id(public_id)
