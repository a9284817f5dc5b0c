"""What a job's page says first: how it stands or ended, in a sentence."""

from __future__ import annotations

from django.utils.translation import gettext as _

from cavendish.above.admin.home.lines import error_name
from cavendish.above.ui.formats import seconds
from cavendish.above.ui.jobs.strip import ordinal
from generations.jobs.timeline import Timeline


def headline(job: Timeline) -> str:
    """Returns how it stands or ended: "Succeeded on the second try", "Failed: upstream unavailable, 503"."""
    match job.status:
        case "succeeded":
            return _("Succeeded on the %s try") % ordinal(job.calls) if job.calls > 1 else _("Succeeded")
        case "failed":
            calls = [segment.call for segment in job.segments if segment.call is not None]
            status = calls[-1].status if calls and not calls[-1].is_good else None
            return _("Failed: %s") % error_name(job.error_code, status)
        case "canceled":
            return _("Canceled")
        case "running":
            return _("Running for %s") % seconds(job.seconds)
        case _status:
            return _("Queued for %s") % seconds(job.seconds)
