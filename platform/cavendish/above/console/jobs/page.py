"""What a job's page shows: what was asked and by whom, what came back, what it cost, what belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse

from accounts.roles.permissions import Permission
from cavendish.above.console.jobs.acts import ACTS
from cavendish.above.console.jobs.advice import advice_of
from cavendish.above.console.jobs.headline import headline
from cavendish.above.console.jobs.rows import Maker, makers_of, thumbnail_of
from cavendish.above.console.jobs.steps import TenantStory
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.jobs.strip import strip, where_time_went
from cavendish.above.ui.jobs.summary import summary
from cavendish.db import ids
from generations.derivatives.sizes import THUMBNAIL_WIDTH
from generations.jobs.tenant_timeline import tenant_timeline
from generations.jobs.timeline import Timeline
from generations.models import TERMINAL, Output, Status
from generations.prompt_templates.selectors import guide_template, template_version_find
from generations.selectors import GenerationDetail, generation_detail
from generations.show.prompts import Asked, asked_of
from generations.show.representation import is_grounded


@dataclass(frozen=True)
class Picture:
    """A picture of the job, small, with the address of its page in the gallery."""

    public_id: str
    thumbnail: str
    width: int
    height: int
    page: str


@dataclass(frozen=True)
class JobPage:
    """A job whole, as its tenant sees it."""

    timeline: Timeline
    detail: GenerationDetail
    asked: Asked
    maker: Maker
    pictures: Sequence[Picture]
    template: str
    """The name of the prompt template that it was made from, "" without one."""

    @property
    def public_id(self) -> str:
        return ids.encode(ids.GENERATION, self.timeline.generation_id)

    @property
    def batch_public_id(self) -> str:
        batch_id = self.timeline.belongs_to.batch_id
        return ids.encode(ids.BATCH, batch_id) if batch_id else ""

    @property
    def batch_place(self) -> int:
        """The place of the item in its batch, from 1."""
        return (self.timeline.belongs_to.batch_index or 0) + 1

    @property
    def previous_public_id(self) -> str:
        previous_id = self.timeline.belongs_to.previous_id
        return ids.encode(ids.GENERATION, previous_id) if previous_id else ""

    @property
    def is_active(self) -> bool:
        return self.timeline.status not in TERMINAL

    @property
    def answer(self) -> list[str]:
        """What the model wrote where no picture came; with one, the gallery shows it with all that belongs to it."""
        content = self.detail.content
        if self.pictures or is_grounded(content.grounding):
            return []
        return [block["text"] for block in content.content if block.get("type") == "text"]


def job_page(work: Workplace, generation_id: UUID) -> JobPage | None:
    """Returns a job of the tenant in the session's mode; None where there is none. Opens the tenant's context."""
    timeline = tenant_timeline(
        tenant_id=work.tenant_id,
        generation_id=generation_id,
        livemode=work.livemode,
        webhooks=work.may(Permission.WEBHOOKS),
        audit=work.may(Permission.AUDIT),
    )
    if timeline is None:
        return None
    with work.reading():
        detail = generation_detail(generation_id, livemode=work.livemode)
        if detail is None:  # deleted meanwhile
            return None
        outputs = [output for output in detail.outputs if output.part == Output.Part.OUTPUT]
        return JobPage(
            timeline=timeline,
            detail=detail,
            asked=asked_of([generation_id])[generation_id],
            maker=makers_of([detail.generation])[generation_id],
            pictures=[_picture(output) for output in outputs],
            template=_template(timeline.request.template_id, work),
        )


def page_context(work: Workplace, page: JobPage) -> dict[str, Any]:
    """Returns what the templates of a job's page show."""
    job = page.timeline
    why = advice_of(page.detail.generation.error) if job.status == Status.FAILED else None
    heading = headline(job, why)
    money = job.money
    return {
        "page": page,
        "job": job,
        "public_id": page.public_id,
        "headline": heading,
        "why": why,
        "strip": strip(job),
        "where": where_time_went(job, to_tenants=True),
        "summary": summary(job, heading, to_tenants=True),
        "steps": TenantStory(page.maker).timeline(job),
        "actions": _actions(work, page),
        "may_generate": work.may(Permission.GENERATE),
        "may_resend": work.may(Permission.WEBHOOKS),
        "minus_back": -money.went_back if money.went_back is not None else None,
        "minus_refunded": -money.refunded,
        "kept": money.charged - money.refunded if money.charged is not None else None,
        "deliveries": [(delivery, ids.encode(ids.WEBHOOK_DELIVERY, delivery.id)) for delivery in job.deliveries],
    }


def _actions(work: Workplace, page: JobPage) -> list[dict[str, Any]]:
    if not work.may(Permission.GENERATE):
        return []
    name = "cancel" if page.is_active else "delete"
    address = reverse("console:job_act", args=[page.public_id, name])
    return [{"address": address, "word": ACTS[name].word, "danger": True, "dialog": True}]


def _picture(output: Output) -> Picture:
    public_id = ids.encode(ids.OUTPUT, output.id)
    return Picture(
        public_id=public_id,
        thumbnail=thumbnail_of(output, THUMBNAIL_WIDTH),
        width=output.width,
        height=output.height,
        page=f"{reverse('console:gallery')}{public_id}/",
    )


def _template(template_id: str | None, work: Workplace) -> str:
    if template_id is None:
        return ""
    if (shipped := guide_template(template_id)) is not None:
        return str(shipped.name["en"])
    row_id = ids.decode(ids.TEMPLATE, template_id)
    row = template_version_find(row_id, livemode=work.livemode) if row_id else None
    return row.name if row else template_id
