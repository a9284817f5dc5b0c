"""A second factor for everybody."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from cavendish.above.console.settings.general.acts import TenantAct
from cavendish.above.console.settings.words import numbered
from cavendish.above.ui.acts import Preview
from cavendish.above.ui.marks import listed

NAMED = 10


class RequireTwoFactor(TenantAct):
    word, heading = _("Require it"), _("Require a second factor of everybody")
    text = _("Members without one set it up the next time they open the console. API keys are not affected.")

    def __init__(self, *args: Any, without: list[str], **options: Any) -> None:
        self.without = without
        super().__init__(*args, **options)

    def preview(self) -> Preview:
        number = len(self.without)
        if not number:
            return Preview(notes=[gettext("All members have one already.")])
        first = ngettext("One member has none yet:", "%d members have none yet:", number)
        names = listed([*self.without[:NAMED], *(["…"] if number > NAMED else [])])
        return Preview(notes=[f"{numbered(first, number)} {names}"])

    def values(self) -> dict[str, Any]:
        return {"requires_two_factor": True}


class AllowOneFactor(TenantAct):
    word, heading = _("Stop requiring it"), _("Stop requiring a second factor")
    danger = True
    text = _(
        "Anyone who learns a member's password can then sign in. Members with a second factor are still asked for it."
    )

    def values(self) -> dict[str, Any]:
        return {"requires_two_factor": False}
