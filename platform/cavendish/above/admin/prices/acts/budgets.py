"""Budgets of a plan's terms as rows of a form."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.budgets.bodies import BudgetDefault
from billing.models import Budget
from billing.money import amount_text, price_text
from cavendish.above.ui.labels import label, labelled
from cavendish.above.ui.marks import facts, listed, words

MODES = (("true", _("Live")), ("false", _("Test")))


class BudgetWidget(forms.MultiWidget):
    template_name = "ui/budget.html"
    use_fieldset = True

    def __init__(self) -> None:
        super().__init__(
            widgets={
                "limit": forms.TextInput(attrs={"aria-label": _("Limit"), "inputmode": "decimal", "placeholder": "0"}),
                "metric": forms.Select(choices=labelled(Budget.Metric.choices), attrs={"aria-label": _("Counts")}),
                "period": forms.Select(choices=labelled(Budget.Period.choices), attrs={"aria-label": _("In a")}),
                "alerts": forms.TextInput(attrs={"aria-label": _("Warns at, percent"), "placeholder": "80, 100"}),
                "hard": forms.Select(
                    choices=(("true", _("stops")), ("false", _("only warns"))), attrs={"aria-label": _("At its end")}
                ),
                "livemode": forms.Select(choices=MODES, attrs={"aria-label": _("Mode")}),
            }
        )

    def decompress(self, value: Mapping[str, Any] | None) -> list[Any]:
        if not value:
            return ["", Budget.Metric.MONEY, Budget.Period.MONTH, "80, 100", "true", "true"]
        return [
            limit_text(value), value["metric"], value["period"], ", ".join(map(str, value.get("alerts") or [])),
            str(bool(value.get("hard", True))).lower(), str(bool(value.get("livemode", True))).lower(),
        ]  # fmt: skip


class BudgetField(forms.MultiValueField):
    """A budget, or None where its limit is empty; checked as the API checks one."""

    def __init__(self, **options: Any) -> None:
        parts = [forms.CharField(required=False, max_length=60) for _part in range(6)]
        super().__init__(fields=parts, widget=BudgetWidget(), require_all_fields=False, required=False, **options)

    def compress(self, data_list: list[str]) -> dict[str, Any] | None:
        if not data_list or not data_list[0]:
            return None
        limit, metric, period, alerts, hard, livemode = data_list
        try:
            percents = [int(text) for text in words((alerts or "").replace("%", " "))]
            quantity: str | int = limit if metric == Budget.Metric.MONEY else int(limit)
        except ValueError:
            raise ValidationError(gettext("Write whole numbers; of money an amount.")) from None
        values = {
            "metric": metric, "period": period, "limit": quantity, "alerts": percents, "hard": hard == "true",
            "livemode": livemode == "true",
        }  # fmt: skip
        body = BudgetDefault(data=values)
        if not body.is_valid():
            raise ValidationError([str(error) for errors in body.errors.values() for error in errors])
        checked = dict(body.validated_data)
        checked["limit"] = amount_text(checked["limit"]) if metric == Budget.Metric.MONEY else int(checked["limit"])
        return checked


def limit_text(budget: Mapping[str, Any]) -> str:
    if budget["metric"] == Budget.Metric.MONEY:
        return price_text(Decimal(str(budget["limit"])))
    return str(budget["limit"])


def budget_text(budget: Mapping[str, Any]) -> str:
    """Returns a budget in words: "50.00 money a month, warns at 80 and 100 %, stops"."""
    metric = label(dict(Budget.Metric.choices)[budget["metric"]])
    period = label(dict(Budget.Period.choices)[budget["period"]])
    parts = [facts(f"{limit_text(budget)} {str(metric).lower()}", str(period).lower())]
    if budget.get("alerts"):
        parts.append(gettext("warns at %s %%") % listed(budget["alerts"]))
    parts.append(gettext("stops") if budget.get("hard", True) else gettext("only warns"))
    if not budget.get("livemode", True):
        parts.append(gettext("test mode"))
    return facts(*parts)
