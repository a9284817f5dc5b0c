from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.money import amount_text
from cavendish.db import ids
from cavendish.db.router import acting_as
from cavendish.http.times import moment
from generations.jobs.selectors import job_timeline
from generations.jobs.summary import step_line
from generations.jobs.timeline import Timeline
from generations.models import Output


class Command(BaseCommand):
    help = (
        "Prints what happened to a job, with each answer of the upstream. Takes any spelling of its id, or an output's."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id")

    def handle(self, *args: Any, **options: Any) -> None:
        generation_id = ids.any_uuid(options["id"])
        if generation_id is None:
            raise CommandError("That is no id: write it as gen_…, or as a UUID with or without dashes.")
        with acting_as("operator"):
            of_output = Output.objects.filter(id=generation_id).values_list("generation_id", flat=True).first()
            job = job_timeline(of_output or generation_id)
        if job is None:
            raise CommandError(
                f"There is no job {ids.encode(ids.GENERATION, generation_id)}. The admin's search finds jobs by the id "
                "of their request, trace, batch or charge."
            )
        for line in summary(job):
            self.stdout.write(line)


def summary(job: Timeline) -> list[str]:
    """Returns the lines that are printed: what it is, what happened, what it cost."""
    owner, money = job.belongs_to, job.money
    lines = [
        f"{ids.encode(ids.GENERATION, job.generation_id)}  {job.status}  {job.error_code}".rstrip(),
        f"tenant    {ids.encode(ids.TENANT, owner.tenant_id)}  {owner.tenant_slug}",
        f"key       {ids.encode(ids.API_KEY, owner.key_id)}  {owner.key_prefix}  {owner.key_name}",
        f"request   {owner.request_id or '-'}  trace {owner.trace_id or '-'}",
        f"asked     {job.request.model}  {job.request.aspect_ratio}  {job.request.image_size}  {job.request.tier}",
        f"upstream  {job.upstream_host or '-'}  key {job.upstream_key or '-'}  {job.upstream_id or '-'}",
        f"worker    {job.worker or '-'}",
        f"attempts  {job.attempts}, calls upstream {job.calls}, {job.seconds:.1f} s",
    ]
    if owner.batch_id is not None:
        lines.append(f"batch     {ids.encode(ids.BATCH, owner.batch_id)}  item {owner.batch_index}")
    lines.append("")
    lines += [f"{moment(step.at)}  +{step.since:8.3f} s  {step_line(step)}" for step in job.steps]
    lines.append("")
    charged = "not yet" if money.charged is None else f"{amount_text(money.charged)} {money.currency}"
    cost = "" if money.cost is None else f"  cost {amount_text(money.cost)}"
    lines.append(f"held {amount_text(money.held)} {money.currency}  charged {charged}{cost}  {money.reason}".rstrip())
    return lines
