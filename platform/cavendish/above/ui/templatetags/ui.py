"""Template tags of all pages: formats, icons, charts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.http import QueryDict
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from billing.money import price_text
from cavendish.above.ui import cells, charts, formats, icons, labels, marks
from cavendish.above.ui.sayings import said
from cavendish.above.ui.words import actor_text, kind_word, movement_kind, movement_word, unit_word

register = template.Library()

register.filter("count", formats.count)
register.filter("age", formats.age)
register.filter("ago", formats.ago)
register.filter("moment", formats.moment)
register.filter("day", formats.day)
register.filter("date_of", formats.date_of)
register.filter("initials", formats.initials)
register.filter("key_name", cells.key_name)
register.filter("model_name", cells.model_name)
register.filter("scopes", cells.scopes)
register.filter("size", formats.size)
register.filter("duration", formats.seconds)
register.filter("state", formats.state)
register.filter("copy_id", formats.copy_id)
register.filter("short_id", formats.short_id)
register.filter("livemode", formats.livemode)
register.filter("actor_text", actor_text)
register.filter("kind_word", kind_word)
register.filter("movement_kind", movement_kind)
register.filter("movement_word", movement_word)
register.filter("plain", price_text)
register.filter("unit_word", unit_word)
register.filter("label", labels.label)
register.filter("period", labels.period)
register.filter("percent_sign", formats.percent_sign)
register.filter("listed", marks.listed)
register.filter("said", said)
register.filter("in_brackets", marks.in_brackets)
register.simple_tag(marks.comma, name="comma")
register.simple_tag(marks.between, name="between")
register.simple_tag(marks.colon, name="colon")
register.simple_tag(marks.gap, name="gap")
register.simple_tag(formats.copy, name="copy")
register.simple_tag(formats.change, name="change")
register.simple_tag(formats.status, name="status")
register.simple_tag(icons.icon, name="icon")
register.simple_tag(charts.spark, name="spark")
register.simple_tag(charts.meter, name="meter")


@register.simple_tag
def hatches() -> SafeString:
    """Returns the fills that charts of the page refer to."""
    return charts.HATCHES


@register.simple_tag
def money(amount: Decimal, currency: str = "", digits: int | None = None, plus: bool = False) -> str:
    """Returns an amount as `formats.money` does."""
    return formats.money(amount, currency, digits=digits, plus=plus)


@register.filter
def money_of(amount: Decimal, currency: str) -> str:
    """Returns an amount within a sentence that is translated."""
    return formats.money(amount, currency)


@register.simple_tag
def ratio(part: Decimal, whole: Decimal) -> str:
    """Returns a part of a whole in percent; the whole is not zero."""
    return formats.percent(part / whole)


@register.filter
def money4(amount: Decimal) -> str:
    """Returns an amount for a table: four places, its currency in the head."""
    return formats.money(amount, digits=formats.MONEY_IN_TABLES)


@register.filter
def money9(amount: Decimal) -> str:
    """Returns an amount in full, as it is booked."""
    return formats.money(amount, digits=formats.MONEY_IN_FULL)


@register.filter
def percent(share: Decimal | float, digits: int = 0) -> str:
    return formats.percent(share, digits=digits)


@register.filter
def clock(at: datetime) -> str:
    """Returns the time of day to the second, in the viewer's zone."""
    return f"{timezone.localtime(at):%H:%M:%S}"


@register.simple_tag(takes_context=True)
def with_query(context: Any, **changes: str | None) -> str:
    """Returns the page's query with some parameters changed, or left out where they are None."""
    query: QueryDict = context["request"].GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = value
    return f"?{query.urlencode()}" if query else "?"


@register.simple_tag
def meter_of(share: Decimal | float, kind: str = "1") -> SafeString:
    """Returns a bar of one share."""
    return charts.meter([(kind, share)])


UNITS = {
    "per_1m_tokens": "/ 1M",
    "per_1k_queries": "/ 1k",
    "per_image": gettext_lazy("each"),
    "each": gettext_lazy("each"),
}


@register.filter
def unit_name(unit: str) -> str:
    """Returns a price's unit as it stands behind the price: "/ 1M" for per_1m_tokens."""
    return str(UNITS.get(unit, unit))


@register.filter
def words(text: str) -> str:
    """Returns a name of the API as words: "image output" for image_output."""
    return labels.label(text.replace("_", " "))


@register.filter
def listed_words(names: Iterable[str]) -> str:
    """Returns names of the API as a list of words: "Google Search, image output"."""
    return marks.listed(words(name) for name in names)


@register.filter
def clauses(texts: Iterable[str]) -> str:
    """Returns clauses in a row: "When a job ends; when a batch ends"."""
    return marks.clauses(*texts)


@register.filter
def normal(amount: Decimal) -> str:
    """Returns a price without zeros that say nothing: "81", "0.675"."""
    return f"{amount.normalize():f}"
