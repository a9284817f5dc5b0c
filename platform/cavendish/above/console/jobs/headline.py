"""What a job's page says first: how it stands or ended, in a sentence."""

from __future__ import annotations

from django.utils.translation import gettext as _

from cavendish.above.console.jobs.advice import Advice
from cavendish.above.ui.formats import seconds
from cavendish.above.ui.jobs.strip import ordinal
from generations.jobs.timeline import Timeline
from generations.models import Status


def headline(job: Timeline, why: Advice | None) -> str:
    """Returns "Succeeded on the second try in 14.2 s", "Failed: Google did not answer", "Queued for 3 s"."""
    took = seconds(job.seconds)
    match job.status:
        case Status.SUCCEEDED if job.calls > 1:
            return _("Succeeded on the %(which)s try in %(time)s") % {"which": ordinal(job.calls), "time": took}
        case Status.SUCCEEDED:
            return _("Succeeded in %s").replace("%s", took)
        case Status.FAILED:
            return _("Failed: %s").replace("%s", why.short if why else _("it failed"))
        case Status.CANCELED:
            return _("Canceled after %s").replace("%s", took)
        case Status.RUNNING:
            return _("Running for %s").replace("%s", took)
        case _status:
            return _("Queued for %s").replace("%s", took)
