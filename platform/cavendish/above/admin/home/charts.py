"""The front page's chart: revenue as cost and margin, by day."""

from __future__ import annotations

from decimal import Decimal

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing.money import ZERO
from cavendish.above.admin.home.selectors.money import MoneyCard
from cavendish.above.ui.charts import TODAY_DAYS, WHOLE, Bar, bars
from cavendish.above.ui.formats import day, money


def money_chart(card: MoneyCard) -> SafeString:
    """Returns thirty days of bars, cost below and margin above; today, the last one, is hatched.

    A day sold below cost shows its revenue alone, in red.
    """
    currency = card.today.currency
    most = max((row.money.revenue for row in card.days[:-1]), default=ZERO)
    drawn, marked = [], False
    places = 0 if most >= WHOLE else None
    for index, row in enumerate(card.days):
        revenue, cost = row.money.revenue, row.money.cost
        last = index == len(card.days) - 1
        is_loss = cost > revenue
        parts = (ZERO, ZERO, revenue) if is_loss else (cost, revenue - cost, ZERO)
        mark = ""
        if revenue == most and revenue and not marked and not last:
            mark, marked = money(revenue, currency, digits=places), True
        label = day(row.day) if index % 7 == 0 and index < len(card.days) - 1 - TODAY_DAYS else ""
        if last:
            label = _("today %s") % money(revenue, currency, digits=places)
        title = _("%(day)s: %(revenue)s revenue, %(cost)s cost") % {
            "day": day(row.day), "revenue": money(revenue, currency), "cost": money(cost, currency),
        }  # fmt: skip
        drawn.append(Bar(label, title, parts, now=last, mark=mark))
    steps = 0 if most >= 3 else 2
    return bars(drawn, kinds=("2", "1", "bad"), axis=lambda value: money(Decimal(str(value)), currency, digits=steps))
