"""New, changed, raised and deleted budgets, each with what it means for what is used already."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.forecasts.selectors import MEASURES, today_of
from billing.models import Budget
from billing.months import month_first
from billing.usage.query import UsageQuery
from billing.usage.selectors import Sums, usage_read
from cavendish.above.console.usage.budgets.standing import BudgetShown
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.acts import Change, Preview
from cavendish.above.ui.budgets import acts
from cavendish.above.ui.budgets.lines import quantity
from cavendish.above.ui.formats import money
from cavendish.above.ui.marks import named

HEADROOM = Decimal("1.1")
"""Of what is expected, what a raise begins with."""


class NewBudget(acts.NewBudget):
    word = _("Create budget")
    text = _("It holds at once and counts what its period has used so far.")

    def __init__(self, *args: Any, work: Workplace, **options: Any) -> None:
        self.work, self.livemode = work, work.livemode
        super().__init__(*args, tenant_id=work.tenant_id, **options)
        self.fields["alerts"].initial = "80, 100"

    @property
    def title(self) -> str:
        return gettext("New budget")

    def preview(self) -> Preview:
        checked = self.checked()
        metric, limit = checked["metric"], checked["limit"]
        notes = []
        if (used := self._used(checked)) is not None:
            notes.append(gettext("%s is used already and counts.") % quantity(used, metric))
            if used >= limit and checked["hard"]:
                notes.append(gettext("So nothing is left: every job is refused until it begins anew or is raised."))
        words = gettext("refuses") if checked["hard"] else gettext("counts")
        return Preview(
            [
                Change(gettext("Limit"), "–", quantity(limit, metric)),
                Change(gettext("Beyond it"), "–", words),
                Change(gettext("Warns at"), "–", acts.percents(checked["alerts"])),
            ],
            notes,
        )

    def _used(self, checked: dict[str, Any]) -> Decimal | None:
        """Returns what the period that runs has used; None for one that has no beginning."""
        start = _start_of(checked["period"], today_of(self.work.tenant))
        if start is None:
            return None
        of = {"key": "key_id", "member": "member_id"}.get(checked["scope"])
        query = UsageQuery(
            start=start,
            end=start + timedelta(days=40),
            livemode=checked["livemode"],
            tenant_id=self.tenant_id,
            **({of: checked["scope_id"]} if of else {}),
        )
        with self.work.reading():
            totals = usage_read(query).totals or [Sums("")]
        return Decimal(getattr(totals[0], MEASURES[Budget.Metric(checked["metric"])]))


def _start_of(period: str, today: date) -> date | None:
    match period:
        case "day":
            return today
        case "week":
            return today - timedelta(days=today.weekday())
        case "month":
            return month_first(today)
    return None


class OneBudget(acts.OneBudget):
    """An act on a budget that there is, as its page shows it."""

    def __init__(self, *args: Any, work: Workplace, shown: BudgetShown, **options: Any) -> None:
        self.shown = shown
        super().__init__(*args, tenant_id=work.tenant_id, budget=shown.budget, **options)

    @property
    def title(self) -> str:
        return named(self.word, self.shown.name)


class ChangeBudget(OneBudget, acts.ChangeBudget):
    word = _("Change budget")

    def preview(self) -> Preview:
        preview, use = super().preview(), self.shown.line.use
        checked = self.checked()
        if checked["hard"] and checked["limit"] <= use.used + use.held:
            note = gettext("%s is used and held already, so further jobs are refused.")
            used = quantity(use.used + use.held, self.budget.metric)
            return replace(preview, notes=[note % used, *preview.notes])
        return preview


class RaiseBudget(OneBudget, acts.RaiseBudget):
    word = _("Raise budget")
    text = _("For a while: the limit falls back by itself.")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        shown = self.shown
        most = max(shown.line.limit, shown.forecast.expected or Decimal(0)) * HEADROOM
        whole = most.quantize(Decimal(1), ROUND_CEILING)
        self.fields["raise_to"].initial = money(whole) if shown.is_money else f"{whole}"
        until = shown.line.use.resets_at or timezone.now() + timedelta(days=30)
        self.fields["raise_until"].initial = timezone.localtime(until).replace(second=0, microsecond=0)


class DeleteBudget(OneBudget, acts.DeleteBudget):
    word = _("Delete budget")
    text = _("It limits nothing from now on. What was used stays in the reports.")


ACTS: dict[str, type[OneBudget]] = {"change": ChangeBudget, "raise": RaiseBudget, "delete": DeleteBudget}
