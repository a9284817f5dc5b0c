"""A plain account of a job, for an answer to the customer, or for a question to support."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from cavendish.above.ui.cells import model_name
from cavendish.above.ui.formats import money, seconds
from cavendish.above.ui.jobs.strip import where_time_went
from cavendish.above.ui.marks import facts, named
from cavendish.db import ids
from generations.jobs.timeline import Timeline


def summary(job: Timeline, heading: str, *, to_tenants: bool = False) -> str:
    """Returns a plain account of the job, for an answer to the customer: no content, no key, no cost of ours."""
    request, cash = job.request, job.money
    shape = facts(request.aspect_ratio, request.image_size)
    lines = [
        named(ids.encode(ids.GENERATION, job.generation_id), heading),
        f"{model_name(request.model)} {shape}".strip(),
        _("Accepted %(at)s, took %(time)s (%(parts)s)") % {
            "at": f"{timezone.localtime(job.created_at):%Y-%m-%d %H:%M:%S %z}",
            "time": seconds(job.seconds),
            "parts": where_time_went(job, to_tenants=to_tenants),
        },
    ]  # fmt: skip
    if cash.charged is not None:
        lines.append(_("Charged %s") % money(cash.charged, cash.currency, digits=9))
        if cash.refunded:
            lines.append(_("Refunded %s") % money(cash.refunded, cash.currency, digits=9))
    if job.belongs_to.request_id:
        lines.append(f"X-Request-Id {job.belongs_to.request_id}")
    return "\n".join(lines)
