"""Exchange rates: in which currency VAT is owed, and by which rate it is written on invoices in another one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.roles.operators import OperatorPermission
from billing.fields import decimal_text
from billing.models import ExchangeRate
from billing.parties.exchange_rates import RateBody, exchange_rate_add
from cavendish.above.admin.invoices.companies import body_check
from cavendish.above.ui import formats
from cavendish.above.ui.acts import Act
from cavendish.above.ui.forms import DayField
from cavendish.above.ui.lists import Column, Filter, List


def _of_currency(rows: QuerySet[ExchangeRate], text: str) -> QuerySet[ExchangeRate]:
    return rows.filter(Q(currency=text.upper()) | Q(tax_currency=text.upper()))


RATES: List[ExchangeRate] = List(
    title=_("Exchange rates"),
    rows=lambda: ExchangeRate.objects.all(),
    columns=(
        Column(_("From"), lambda row: formats.day(row.valid_from), kind="th"),
        Column(_("Invoices in"), lambda row: row.currency),
        Column(_("VAT in"), lambda row: row.tax_currency),
        Column(pgettext_lazy("exchange", "Rate"), lambda row: decimal_text(row.rate), kind="r"),
        Column(_("Source"), lambda row: row.source or "–", wide=True),
    ),
    filters=(Filter("currency", _("Currency"), _of_currency, kind="search"),),
    empty=_("A company that owes VAT in another currency than its invoices needs a rate for each."),
)


class NewRate(Act):
    word = _("New rate")
    text = _("Invoices issued from this day on take it and keep it. A rate is never changed: enter the next one.")
    permission = OperatorPermission.MONEY

    currency = forms.CharField(label=_("Currency of invoices"), max_length=3, help_text=_("Like USD."))
    tax_currency = forms.CharField(label=_("Currency of VAT"), max_length=3, help_text=_("Like EUR."))
    rate = forms.CharField(
        label=pgettext_lazy("exchange", "Rate"),
        max_length=21,
        help_text=_("What one of the first is in the second, like 0.9217."),
    )
    valid_from = DayField(label=_("From"))
    source = forms.CharField(label=_("Source"), max_length=100, required=False, help_text=_("For example ECB."))

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        for name in ("currency", "tax_currency"):
            values[name] = str(values.get(name, "")).upper()
        if values.get("valid_from"):
            values["valid_from"] = values["valid_from"].isoformat()
        return body_check(self, RateBody, values) if not self.errors else values

    def run(self, actor: Actor) -> str:
        rate = exchange_rate_add(actor=actor, **self.cleaned_data)
        return gettext("From %(day)s on one %(currency)s is %(rate)s %(tax_currency)s.") % {
            "day": formats.day(rate.valid_from), "currency": rate.currency, "rate": decimal_text(rate.rate),
            "tax_currency": rate.tax_currency,
        }  # fmt: skip
