"""The front page's cards: one number, its trend, what is normal, a link to what it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cavendish.above.admin.home.selectors import FrontPage
from cavendish.above.admin.home.selectors.window import Normal
from cavendish.above.ui.charts import spark
from cavendish.above.ui.formats import count, money, percent, seconds


@dataclass(frozen=True)
class Card:
    label: str
    address: str
    value: str
    aside: str
    trend: SafeString
    note: SafeString | str
    is_bad: bool = False


def cards(page: FrontPage) -> list[Card]:
    """Returns the eight cards in the order in which a morning asks for them."""
    jobs = reverse("admin:jobs")
    return [
        _pictures(page, jobs),
        _queue(page, f"{jobs}?status=queued"),
        _failed(page, f"{jobs}?status=failed"),
        _duration(page),
        *_money(page),
        _held(page),
    ]


def _pictures(page: FrontPage, address: str) -> Card:
    traffic = page.traffic
    note = compared(traffic.pictures_change, count(traffic.pictures_last_week), page)
    trend = spark([hour.pictures for hour in traffic.hours] + [traffic.pictures])
    aside = _("from %s jobs") % count(traffic.jobs)
    return Card(_("Pictures, last hour"), address, count(traffic.pictures), aside, trend, note)


def _queue(page: FrontPage, address: str) -> Card:
    queue = page.queue
    normal = queue.normal_oldest.high if queue.normal_oldest else None
    is_bad = normal is not None and queue.oldest_seconds > max(normal, 3)
    oldest = _("Oldest %s") % seconds(queue.oldest_seconds) if queue.waiting else _("Nothing waits")
    usual = _("normal under %s") % seconds(max(normal, 1)) if normal is not None else ""
    note = " · ".join(part for part in (oldest, usual) if part)
    return Card(
        _("Queue"), address, count(queue.waiting), _("waiting"), spark([*queue.hours, queue.waiting]), note, is_bad
    )


def _failed(page: FrontPage, address: str) -> Card:
    failures = page.failures
    shares = [hour.failed_share or 0 for hour in failures.hours] + [failures.share or 0]
    high = failures.normal.high if failures.normal else None
    bad = {index for index, share in enumerate(shares) if high is not None and share > max(high, 0.005)}
    value = percent(failures.share or 0, digits=1)
    note: SafeString | str = _("Too little history to say what is normal")
    if failures.normal:
        usual = span(failures.normal, digits=1)
        note = _("Normal %s") % usual
        if failures.is_above:
            note = format_html('<b class="bad">{}</b>, {}', _("Above normal"), usual)
    aside = _("%(failed)s of %(all)s") % {"failed": count(failures.failed), "all": count(failures.judged)}
    return Card(_("Failed, last hour"), address, value, aside, spark(shares, bad=bad), note, failures.is_above)


def _duration(page: FrontPage) -> Card:
    main = max(page.durations_by_size, key=lambda row: row.pictures, default=None)
    address, label = "#durations", _("Time to picture, p95")
    if main is None or main.p95 is None:
        return Card(label, address, "–", "", spark([]), _("No picture in the last hour"))
    notes = [
        _("%(p95)s at %(size)s") % {"p95": seconds(row.p95), "size": row.image_size}
        for row in page.durations_by_size
        if row.image_size == "4K" and row.p95 is not None and row != main
    ]
    if main.normal_p95 is not None:
        low, high = seconds(main.normal_p95.low), seconds(main.normal_p95.high)
        notes.append(_("normal %(low)s to %(high)s") % {"low": low, "high": high})
    trend = spark([*(value or 0 for value in main.hours), main.p95])
    aside = _("at %s") % main.image_size
    return Card(label, address, seconds(main.p95), aside, trend, " · ".join(notes), main.is_above)


def _money(page: FrontPage) -> list[Card]:
    card = page.money.main
    currency = card.today.currency
    fortnight = card.days[-14:]
    address = "#money"
    revenue = spark([day.money.revenue for day in fortnight], kind="1")
    cost = spark([day.money.cost for day in fortnight], kind="2")
    shares = spark([max(day.money.margin_share or 0, 0) for day in fortnight])
    margin = card.today.margin_share
    is_bad = margin is not None and (
        margin < 0 or (card.normal_margin is not None and margin < card.normal_margin.low - 0.03)
    )
    usual = _("Normal %s") % span(card.normal_margin) if card.normal_margin else ""
    below = ""
    if page.below_cost is not None:
        below = _("%s sold below cost") % count(page.below_cost) if page.below_cost else _("nothing below cost")
    return [
        Card(
            _("Revenue today"), address, money(card.today.revenue, currency, digits=2), "", revenue,
            compared(card.revenue_change, "", page),
        ),
        Card(
            _("Cost today"), address, money(card.today.cost, currency, digits=2), "", cost,
            compared(card.cost_change, "", page),
        ),
        Card(
            _("Margin today"), address, "–" if margin is None else percent(margin, digits=1),
            money(card.today.margin, currency, digits=2) if card.today.margin is not None else "", shares,
            " · ".join(part for part in (usual, below) if part), is_bad or bool(page.below_cost),
        ),
    ]  # fmt: skip


def _held(page: FrontPage) -> Card:
    address = f"{reverse('admin:jobs')}?status=running"
    if not page.held:
        return Card(_("Held now"), address, money(Decimal(0), "USD"), "", spark([]), _("No job holds money"))
    held = page.held[0]
    is_bad = held.normal is not None and held.amount > held.normal.high * 2 and held.amount > 1
    notes = [_("%(jobs)s jobs, %(items)s batch items") % {
        "jobs": count(page.queue.running - page.queue.running_batch + page.queue.waiting),
        "items": count(page.queue.running_batch),
    }]  # fmt: skip
    if held.normal is not None:
        notes.append(_("normal to %s") % money(Decimal(str(round(held.normal.high, 2))), held.currency, digits=0))
    aside = _("in %s wallets") % count(held.wallets)
    trend = spark([*held.hours, held.amount])
    return Card(_("Held now"), address, money(held.amount, held.currency), aside, trend, " · ".join(notes), is_bad)


def compared(change: float | None, before: str, page: FrontPage) -> SafeString | str:
    """Returns how a number stands against the same time last week: "+8 % against last Saturday's 929"."""
    if change is None:
        return _("No such hour last week") if before else _("Nothing at this time last week")
    day = WEEKDAYS[timezone.localtime(page.at).weekday()]
    text = _("against last %(day)s's %(before)s") if before else _("against last %(day)s at this time")
    return format_html("<b>{}</b> {}", percent(change, plus=True), text % {"day": _(day), "before": before})


WEEKDAYS = (
    gettext_noop("Monday"), gettext_noop("Tuesday"), gettext_noop("Wednesday"), gettext_noop("Thursday"),
    gettext_noop("Friday"), gettext_noop("Saturday"), gettext_noop("Sunday"),
)  # fmt: skip


def span(normal: Normal, *, digits: int = 0) -> str:
    """Returns a range of shares: "0.2 to 0.6 %"."""
    low = f"{normal.low * 100:.{digits}f}"
    return _("%(low)s to %(high)s") % {"low": low, "high": percent(normal.high, digits=digits)}
