"""A job's timeline as its tenant sees it: the same steps, without what is the operator's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from generations.jobs.selectors import job_timeline
from generations.jobs.steps import Booked, Called, Claimed, Facts, Step, StepKind
from generations.jobs.timeline import Segment, Timeline
from generations.selectors import generation_find


def tenant_timeline(
    *, tenant_id: UUID, generation_id: UUID, livemode: bool, webhooks: bool, audit: bool
) -> Timeline | None:
    """Returns the timeline of a tenant's job in that mode; None where there is none, or where it was deleted.

    It has no worker, no host, no key and no id of the upstream, no cost of the operator's, no margin and no flag. With
    `webhooks` it has the deliveries, with `audit` what people did with it. Opens the tenant's context itself.
    """
    with tenant_context(tenant_id):
        if generation_find(generation_id, livemode=livemode) is None:
            return None
    with acting_as("operator"):
        found = job_timeline(generation_id)
    return None if found is None else _without_the_operators(found, webhooks=webhooks, audit=audit)


def _without_the_operators(job: Timeline, *, webhooks: bool, audit: bool) -> Timeline:
    hidden = set() if audit else {StepKind.AUDITED}
    if not webhooks:
        hidden.add(StepKind.WEBHOOK)
    return replace(
        job,
        worker="",
        upstream_id="",
        upstream_host="",
        upstream_key="",
        steps=list(_steps(job, hidden)),
        segments=[_segment(segment) for segment in job.segments],
        money=replace(
            job.money,
            absorbed=Decimal(0) if job.money.absorbed is not None else None,
            cost=None,
            margin=None,
            margin_percent=None,
            flags=(),
            is_resolved=False,
        ),
        content=replace(job.content, shown=0, shown_at=None, shown_by=""),
        deliveries=job.deliveries if webhooks else (),
    )


def _steps(job: Timeline, hidden: set[StepKind]) -> Iterator[Step]:
    """Yields the steps that a tenant sees; a hidden one's seconds go to the step after it."""
    extra = 0.0
    for step in job.steps:
        if step.kind in hidden:
            extra += step.since
            continue
        yield replace(step, since=step.since + extra, facts=_facts(step))
        extra = 0.0


def _facts(step: Step) -> Facts:
    match step.facts:
        case Claimed() as facts:
            return replace(facts, worker="")
        case Called() as facts:
            return _call(facts)
        case Booked() as facts:
            return replace(facts, actor="")
        case facts:
            return facts


def _segment(segment: Segment) -> Segment:
    return replace(segment, call=_call(segment.call) if segment.call else None)


def _call(call: Called) -> Called:
    return replace(call, host="", upstream_key="", upstream_id="", cooling_seconds=None, same_key=None)
