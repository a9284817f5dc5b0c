"""How long outputs and inputs are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.tenants.bodies import MAX_DAYS
from cavendish.above.console.settings.general.acts import TenantAct
from cavendish.above.console.settings.words import numbered
from cavendish.above.ui import formats
from cavendish.above.ui.acts import Change, Preview
from generations.upkeep.retention import inputs_due, outputs_due

MOST = 10_000
"""Up to which what would be deleted is counted."""


def kept(days: int | None) -> str:
    return gettext("forever") if days is None else numbered(ngettext("one day", "%d days", days), days)


def _days() -> forms.IntegerField:
    return forms.IntegerField(
        label=_("Days"), required=False, min_value=1, max_value=MAX_DAYS,
        help_text=_("Empty: kept until you delete it."),
        widget=forms.NumberInput(attrs={"min": 1, "inputmode": "numeric"}),
    )  # fmt: skip


class RetentionAct(TenantAct):
    slow = True
    due: Callable[..., int]
    what: Any = ""

    def preview(self) -> Preview:
        name = self.names[0]
        now, after = getattr(self.tenant, name), self.cleaned_data[name]
        notes = []
        if after is not None and (now is None or after < now):
            with self.work.reading():
                count = type(self).due(self.tenant.id, after, most=MOST)
            shown = gettext("more than %s") % formats.count(MOST) if count >= MOST else formats.count(count)
            notes = [
                gettext("Within hours, %(number)s %(what)s will be deleted for good.")
                % {"number": shown, "what": self.what}
                if count
                else gettext("Nothing is that old yet.")
            ]
            notes.append(gettext("Anything under a legal hold stays, and costs stay on the books."))
        return Preview([Change(gettext("Kept"), kept(now), kept(after))], notes)


class KeepOutputs(RetentionAct):
    heading, names, what = _("How long outputs are kept"), ("output_retention_days",), _("jobs with their pictures")
    text = _("This many days after it ends, a job is erased with its prompt and pictures; only its cost stays.")
    due = staticmethod(outputs_due)

    output_retention_days = _days()


class KeepInputs(RetentionAct):
    heading, names, what = _("How long inputs are kept"), ("input_retention_days",), _("inputs")
    text = _("This many days after they arrive, input pictures and videos are deleted. Jobs stay, without them.")
    due = staticmethod(inputs_due)

    input_retention_days = _days()
