"""The mail to operators of what a run by the clock found."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cavendish.above.reconcile.models import ReconcileRun
from cavendish.mail.letters import Fact, Letter, link

MOST = 12
"""Checks that are named."""


def reconcile_letter(run: ReconcileRun) -> Letter:
    """Returns the letter in the active language."""
    if run.differing:
        subject = ngettext("Reconcile: %s row differs", "Reconcile: %s rows differ", run.differing) % run.differing
    else:
        subject = _("Reconcile: a check could not run")
    found = [check for check in run.checks if check["count"] or check["error"]]
    return Letter(
        subject=subject,
        text=[_("What the books say in one place is not what they say in another. Each difference is a defect.")],
        facts=[Fact(check["check"], check["error"] or str(check["count"])) for check in found[:MOST]],
        button=link(_("View what differs"), f"/admin/reconcile/{run.id}/"),
        after=[_("The page shows the first rows of each check, whose they are, and what each side says.")],
    )
