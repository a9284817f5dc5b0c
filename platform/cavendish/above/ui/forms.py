"""Fields that acts share."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from billing.money import AmountInvalid, amount_parse
from cavendish.above.ui.labels import label
from cavendish.http.times import LATEST


class AmountField(forms.CharField):
    """An amount in plain digits, to the last one; commas between thousands are taken as such: "2,000.00"."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def __init__(self, *, negative: bool = False, zero: bool = False, **options: Any) -> None:
        self.negative, self.zero = negative, zero
        super().__init__(**{"label": _("Amount"), "max_length": 60, **options})

    def clean(self, value: Any) -> Decimal | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return amount_parse(_plain(text), negative=self.negative, zero=self.zero)
        except AmountInvalid as error:
            raise ValidationError(label(str(error))) from None


def _plain(text: str) -> str:
    """Returns the digits without commas where they stand between thousands; any other comma stays and is refused."""
    whole, point, places = text.replace("−", "-").partition(".")
    groups = whole.lstrip("+-").split(",")
    if len(groups) > 1 and 1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:]):
        whole = whole.replace(",", "")
    return f"{whole}{point}{places}"


class DayField(forms.DateField):
    """A day, by the browser's own picker."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def clean(self, value: Any) -> date | None:
        on: date | None = super().clean(value)
        if on is not None and on >= LATEST.date():
            raise ValidationError(_("This day is too far away."))
        return on


class MomentField(forms.DateTimeField):
    """A moment in the viewer's zone; None, where it is empty, is as soon as possible."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def __init__(self, **options: Any) -> None:
        super().__init__(
            **{"required": False, "help_text": _("In your time zone; empty: as soon as possible."), **options}
        )

    def clean(self, value: Any) -> datetime | None:
        at: datetime | None = super().clean(value)
        if at is not None and at > LATEST:
            raise ValidationError(_("This day is too far away."))
        return at


class LinesField(forms.CharField):
    """A list of texts, one per line."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        return [line.strip() for line in (super().clean(value) or "").splitlines() if line.strip()]
