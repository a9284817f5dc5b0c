"""What operators do to a job: cancel it, run it again, send its webhook again; the tenant's audit says why."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from cavendish.above.ui.acts import Change, Preview, ReasonAct
from cavendish.above.ui.formats import money, short_id
from cavendish.db import ids
from generations.jobs.services import job_cancel, job_run_again
from generations.jobs.timeline import Timeline


class JobAct(ReasonAct):
    heading: Any = ""

    def __init__(self, *args: Any, job: Timeline, **options: Any) -> None:
        self.job = job
        super().__init__(*args, **options)
        self.fields["reason"].help_text = gettext("Stands in the tenant's audit log.")

    @property
    def title(self) -> str:
        return str(self.heading).replace("%s", short_id(ids.encode(ids.GENERATION, self.job.generation_id)))


class CancelJob(JobAct):
    word, heading, danger = _("Cancel job"), _("Cancel %s"), True
    text = _("A queued job ends at once and costs nothing; a running one ends when its worker has let go.")

    def run(self, actor: Actor) -> str:
        job_cancel(
            tenant_id=self.job.belongs_to.tenant_id,
            generation_id=self.job.generation_id,
            reason=self.cleaned_data["reason"],
            actor=actor,
        )
        return gettext("The job is canceled.")


class RunAgain(JobAct):
    word, heading = _("Run again"), _("Run %s again")
    text = _("The same request once more, for the tenant and under the same key: what it costs is the tenant's.")

    def preview(self) -> Preview:
        cash = self.job.money
        most = money(cash.held, cash.currency, digits=4)
        return Preview([Change(gettext("Held for the tenant, at most"), gettext("nothing"), most)])

    def run(self, actor: Actor) -> str | HttpResponse:
        again = job_run_again(
            tenant_id=self.job.belongs_to.tenant_id,
            generation_id=self.job.generation_id,
            reason=self.cleaned_data["reason"],
            actor=actor,
        )
        return gettext("It runs again as %s.") % ids.encode(ids.GENERATION, again)


ACTS: dict[str, type[JobAct]] = {"cancel": CancelJob, "run-again": RunAgain}
