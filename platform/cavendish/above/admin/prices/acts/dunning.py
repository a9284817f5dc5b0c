"""The days of a plan's dunning, as people type and read them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.plans.dunning import MOST_DAYS, MOST_REMINDERS, Dunning
from cavendish.above.ui.marks import clauses, listed, words


class DaysField(forms.CharField):
    """Whole numbers of days with commas between them, as a tuple."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=100, **options)

    def clean(self, value: Any) -> tuple[int, ...]:
        typed = words(str(super().clean(value)))
        if not all(word.isdecimal() and 1 <= int(word) <= MOST_DAYS for word in typed) or len(typed) > MOST_REMINDERS:
            raise forms.ValidationError(_("Write days like 3, 7, 14, each from 1 to 365."))
        return tuple(sorted({int(word) for word in typed}))


def dunning_text(dunning: Dunning) -> str:
    """Returns what a plan does about unpaid invoices, in words."""
    parts = []
    if dunning.remind_after_days:
        days = listed(dunning.remind_after_days)
        parts.append(gettext("reminders after %s days") % days)
    if dunning.suspend_after_days is not None:
        parts.append(gettext("live keys suspended after %s days") % dunning.suspend_after_days)
    return clauses(*parts) or gettext("nothing")
