"""How values look on pages: money, counts, times, ids, states. Each function returns text or safe HTML."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from billing.currencies import minor_units
from cavendish.above.ui.icons import icon

SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "CNY": "CN¥", "JPY": "¥"}
MINUS = "−"
THIN = "\u202f"
"""Between thousands of counts, so that a count is not read as money."""

MONEY_IN_TABLES = 4
MONEY_IN_FULL = 9


def money(amount: Decimal, currency: str = "", *, digits: int | None = None, plus: bool = False) -> str:
    """Returns an amount with its sign and currency: "$1,285.68", "−0.74", "CHF 12.00".

    Without `digits` it has the places of the currency's coins, and four when less than one coin would stand there.
    `plus` writes the sign of gains too. An empty currency leaves it out, for columns that name it in their head.
    """
    places = _coins(currency) if digits is None else digits
    if digits is None and amount and abs(amount) < Decimal(1).scaleb(-places):
        places = MONEY_IN_TABLES
    rounded = amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    sign = MINUS if rounded < 0 else "+" if plus and rounded > 0 else ""
    number = f"{abs(rounded):,.{places}f}"
    if not currency:
        return f"{sign}{number}"
    if currency in SIGNS:
        return f"{sign}{SIGNS[currency]}{number}"
    return f"{sign}{currency}\u00a0{number}"


def _coins(currency: str) -> int:
    try:
        return minor_units(currency)
    except KeyError:
        return 2


def count(number: int) -> str:
    """Returns a count with thin spaces between its thousands: "1 120"; "598,939" would look like money."""
    return f"{number:,}".replace(",", THIN).replace("-", MINUS)


def percent(share: Decimal | float, *, digits: int = 0, plus: bool = False) -> str:
    """Returns a share of one as percent: 0.934 is "93 %"."""
    number = round(float(share) * 100, digits)
    sign = MINUS if number < 0 else "+" if plus and number > 0 else ""
    return percent_sign(f"{sign}{abs(number):.{digits}f}")


def percent_sign(number: object) -> str:
    """Returns a number that is one of percent already with its sign: "80 %", in Chinese "80%"."""
    return _("{} %").replace("{}", str(number)).replace(" ", "\u00a0")


def size(number: int) -> str:
    """Returns bytes in decimal units, as storage is sold: "1.84 MB"."""
    value = float(number)
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if abs(value) < 1000 or unit == "TB":
            break
        value /= 1000
    digits = 0 if unit == "B" or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f}\u00a0{unit}".replace("-", MINUS)


def seconds(number: float) -> str:
    """Returns a duration in the unit that fits: "184 ms", "24.9 s", "12 min", "2 h", "3 d"."""
    if 0 < number < 1:
        return _("%d ms").replace("%d", str(round(number * 1000))).replace(" ", "\u00a0")
    if number < 120:
        text = f"{number:.1f}".removesuffix(".0") if number < 60 else f"{number:.0f}"
        return _("%s s").replace("%s", text).replace(" ", "\u00a0")
    for length, unit in ((86400 * 2, _("%s d")), (7200, _("%s h")), (120, _("%s min"))):
        if number >= length:
            step = {86400 * 2: 86400, 7200: 3600, 120: 60}[length]
            return unit.replace("%s", f"{number / step:.0f}").replace(" ", "\u00a0")
    raise AssertionError


def moment(at: datetime) -> SafeString:
    """Returns a time of today as "14:05", an earlier one with its day; the exact one in the viewer's zone as title."""
    local = timezone.localtime(at)
    today = timezone.localdate()
    if local.date() == today:
        text = local.strftime("%H:%M")
    elif abs(today - local.date()) < timedelta(days=300):
        text = _("{day}, {time}").format(day=day(local.date()), time=f"{local:%H:%M}")
    else:
        text = day(local.date(), year=True)
    return _time(at, text)


def age(at: datetime | None) -> SafeString | str:
    """Returns how long ago something was, for a column headed "Age": "4 s", "2 h", "23 Nov"."""
    if at is None:
        return "–"
    passed = (timezone.now() - at).total_seconds()
    if passed > 86400 * 13:
        return _time(at, day(timezone.localdate(at), year=passed > 86400 * 300))
    return _time(at, seconds(max(int(passed), 0)) if passed >= 1 else _("now"))


def ago(at: datetime | None) -> SafeString | str:
    """Returns how long ago something was, within a sentence: "4 s ago", "on 23 Nov"; "never" for None."""
    if at is None:
        return _("never")
    passed = (timezone.now() - at).total_seconds()
    if passed > 86400 * 13:
        return _time(at, _("on %s").replace("%s", day(timezone.localdate(at), year=passed > 86400 * 300)))
    if passed < 1:
        return _time(at, _("just now"))
    return _time(at, _("%s ago").replace("%s", seconds(int(passed))))


def day(on: date, *, year: bool = False) -> str:
    """Returns "23 Nov", in Chinese "11月23日"; with the year where asked or where it is not this one."""
    with_year = year or on.year != timezone.localdate().year
    # Translators: a day without its year, in Django's date format.
    text = formats.date_format(on, _("j M Y") if with_year else _("j M"))
    return text.replace(" ", "\u00a0")


def date_of(at: datetime) -> SafeString:
    """Returns the day of a moment with its year, in the viewer's zone: "23 Nov 2026"; the exact one as title."""
    return _time(at, day(timezone.localdate(at), year=True))


def _time(at: datetime, text: str) -> SafeString:
    local = timezone.localtime(at)
    return format_html(
        '<time class="num" datetime="{}" title="{}">{}</time>', local.isoformat(), f"{local:%Y-%m-%d %H:%M:%S %z}", text
    )


def short_id(public_id: str) -> str:
    """Returns the kind and the last eight digits of an id: "gen_…88e2f9a1"."""
    kind, _separator, digits = public_id.partition("_")
    return f"{kind}_…{digits[-8:]}" if len(digits) > 12 else public_id


def copy(text: str, shown: str = "") -> SafeString:
    """Returns a button that copies the text and shows it, or `shown` in its place."""
    return format_html(
        '<button class="copy" type="button" data-copy="{}" title="{}"><span class="sr">{} </span>{}{}</button>',
        text, text, _("Copy"), shown or text, icon("copy"),
    )  # fmt: skip


def copy_id(public_id: str) -> SafeString:
    """Returns a button that copies an id, shown short."""
    return copy(public_id, short_id(public_id))


def status(tone: str, word: str) -> SafeString:
    """Returns a state as dot, word and icon: `tone` is good, bad, waiting or off."""
    return format_html('<span class="status {}">{}<span>{}</span></span>', tone, icon(tone), word)


def livemode(live: bool) -> SafeString:
    """Returns the tag that tells live from test."""
    if live:
        return format_html('<span class="tag tag-live">{}</span>', _("Live"))
    return format_html('<span class="tag">{}</span>', _("Test"))


def change(now: Decimal | float, before: Decimal | float) -> SafeString:
    """Returns a change in percent with an arrow where it is large: ten percent and more."""
    if not before:
        return format_html('<span class="quiet">{}</span>', _("new") if now else "–")
    share = float(now) / float(before) - 1
    text = percent(share, plus=True)
    if share >= 0.1:
        return format_html('<b class="good nowrap">↑ {}</b>', text)
    if share <= -0.1:
        return format_html('<b class="bad nowrap">↓ {}</b>', text)
    return format_html('<span class="quiet nowrap">{}</span>', text)


def initials(name: str) -> str:
    """Returns up to two letters: "AN" for Ada Novak, "A" for ada@example.com."""
    words = name.partition("@")[0].split()
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


STATES = {
    "queued": ("waiting", gettext_lazy("Queued")),
    "running": ("waiting", gettext_lazy("Running")),
    "succeeded": ("good", gettext_lazy("Succeeded")),
    "failed": ("bad", gettext_lazy("Failed")),
    "canceled": ("off", gettext_lazy("Canceled")),
    "expired": ("off", gettext_lazy("Expired")),
    "active": ("good", gettext_lazy("Active")),
    "suspended": ("bad", gettext_lazy("Suspended")),
    "closing": ("waiting", gettext_lazy("Closing")),
    "closed": ("off", gettext_lazy("Closed")),
    "erased": ("off", gettext_lazy("Erased")),
    "revoked": ("off", gettext_lazy("Revoked")),
    "draft": ("off", gettext_lazy("Draft")),
    "open": ("waiting", pgettext_lazy("state", "Open")),
    "final": ("waiting", gettext_lazy("Final")),
    "finalised": ("waiting", gettext_lazy("Final")),
    "sent": ("good", gettext_lazy("Sent")),
    "paid": ("good", gettext_lazy("Paid")),
    "void": ("off", gettext_lazy("Void")),
    "overdue": ("bad", gettext_lazy("Overdue")),
    "enabled": ("good", gettext_lazy("Enabled")),
    "disabled": ("bad", gettext_lazy("Disabled")),
    "pending": ("waiting", gettext_lazy("Pending")),
    "sending": ("waiting", gettext_lazy("Sending")),
    "clean": ("good", gettext_lazy("No difference")),
    "differences": ("bad", gettext_lazy("Differences")),
    "charged": ("good", gettext_lazy("Charged")),
    "released": ("off", gettext_lazy("Released")),
    "settled": ("good", gettext_lazy("Settled")),
}
"""What the states of jobs, tenants, keys, invoices, endpoints and deliveries look like; one word per idea."""


def state(value: str) -> SafeString:
    """Returns a state of `STATES` as dot, word and icon; an unknown one as it is, in grey."""
    tone, word = STATES.get(value, ("off", value.replace("_", " ").capitalize()))
    return status(tone, str(word))
