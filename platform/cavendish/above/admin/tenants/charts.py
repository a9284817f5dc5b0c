"""The chart of a tenant's page, and what its spend is made of."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models import ApiKey, User
from billing.money import ZERO
from billing.months import month_after
from cavendish.above.admin.tenants.selectors import Spend
from cavendish.above.ui.charts import TODAY_DAYS, WHOLE, Bar, bars
from cavendish.above.ui.formats import day, money
from cavendish.above.ui.marks import named


def spend_chart(spend: Spend, currency: str) -> SafeString | str:
    """Returns the month by day: what was spent, today hatched, the days to come dashed at this pace. Empty: nothing."""
    amounts = dict(spend.days)
    first, end = spend.month.first, month_after(spend.month.first)
    most = max(amounts.values(), default=ZERO)
    if not most:
        return ""
    marked = False
    places = 0 if most >= WHOLE else None
    drawn = []
    for back in range((end - first).days):
        on = first + timedelta(days=back)
        amount = amounts.get(on, ZERO)
        mark = ""
        if amount and amount == most and on != spend.today and not marked:
            mark, marked = money(amount, currency, digits=places), True
        pace = ZERO if on < spend.today else max(spend.pace - amount, ZERO)
        label = day(on) if on.day in {1, 8, 15, 22} and abs((on - spend.today).days) > TODAY_DAYS else ""
        if on == spend.today:
            label = _("today %s") % money(amount, currency, digits=places)
        title = named(day(on), money(amount, currency))
        drawn.append(Bar(label, title, (amount,), now=on == spend.today, pace=pace, mark=mark))
    return bars(drawn, kinds=("1",), axis=lambda value: money(Decimal(str(value)), currency, digits=_places(most)))


def spend_parts(rows: list[tuple[Any, Decimal]], dimension: str, spend: Spend) -> list[tuple[str, Decimal, Decimal]]:
    """Returns the month by model, key or member: name, amount, share of the sum. `rows` are of `spend_by`."""
    names: dict[Any, str] = {}
    if dimension == "key":
        names = dict(ApiKey.objects.filter(id__in=[value for value, _amount in rows]).values_list("id", "name"))
    elif dimension == "member":
        people = User.objects.filter(id__in=[value for value, _amount in rows if value])
        names = {person.id: person.name or person.email for person in people}
    total = spend.total or Decimal(1)
    return [
        (names.get(value) or (str(value) if value else _("Nobody in particular")), amount, amount / total)
        for value, amount in rows
        if amount
    ]


def _places(most: Decimal) -> int:
    return 0 if most >= 3 else 2 if most >= Decimal("0.05") else 4
